// Sizes for jsdom: those that the package gives the tests of its users.
export { layOut } from '../../../clients/react/src/testing/layout.js';
