// Sizes for jsdom, which lays nothing out. A list that draws only what is in view draws nothing without them.

const LINE = 60;
const VIEW = 10 * LINE;

const height = (element: Element) => (/auto|scroll/.test(getComputedStyle(element).overflowY) ? VIEW : LINE);

/** Tells of an element's size once, when it is first looked at: it never changes. */
class Observer implements ResizeObserver {
  constructor(private readonly callback: ResizeObserverCallback) {}

  observe(target: Element): void {
    const size = { inlineSize: VIEW, blockSize: height(target) };
    const entry = {
      target,
      contentRect: { width: size.inlineSize, height: size.blockSize } as DOMRectReadOnly,
      borderBoxSize: [size],
      contentBoxSize: [size],
      devicePixelContentBoxSize: [size],
    };
    queueMicrotask(() => this.callback([entry], this));
  }

  unobserve(): void {}

  disconnect(): void {}
}

/** Gives every element a size: what scrolls is ten lines high, and all else is a line. Call it once, before tests render. */
export function layOut(): void {
  globalThis.ResizeObserver ??= Observer;
  const scrolling = {
    scrollIntoView() {},
    scrollTo(this: Element, ...where: unknown[]) {
      this.scrollTop = topOf(where);
    },
    scrollBy(this: Element, ...by: unknown[]) {
      this.scrollTop += topOf(by);
    },
  };
  for (const [name, value] of Object.entries(scrolling))
    Object.defineProperty(Element.prototype, name, { configurable: true, writable: true, value });
  const layout = {
    // An element without one is taken for hidden.
    offsetParent: (element: Element) => element.parentElement,
    offsetHeight: height,
    clientHeight: height,
    offsetWidth: () => VIEW,
    clientWidth: () => VIEW,
  };
  for (const [name, valueOf] of Object.entries(layout)) {
    Object.defineProperty(HTMLElement.prototype, name, {
      configurable: true,
      get(this: HTMLElement) {
        return valueOf(this);
      },
    });
  }
}

/** The vertical argument of `scrollTo` and `scrollBy`: `{ top }`, or x and y. */
function topOf([options, y]: unknown[]): number {
  const top = typeof options === 'object' ? (options as ScrollToOptions | null)?.top : y;
  return Number(top ?? 0);
}
