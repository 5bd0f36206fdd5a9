// All of the package for web pages: what needs no DOM, and the component.
export * from './native.js';
export * from './component/index.js';
