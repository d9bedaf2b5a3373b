/** What jsdom lacks and the accessible primitives ask for. */
import { afterEach } from "vitest";

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

globalThis.ResizeObserver ??= NoObserver as unknown as typeof ResizeObserver;
globalThis.IntersectionObserver ??= NoObserver as unknown as typeof IntersectionObserver;
Element.prototype.scrollIntoView ??= (): void => {};
Element.prototype.hasPointerCapture ??= (): boolean => false;
Element.prototype.animate ??= (): Animation =>
  ({ finished: Promise.resolve(), cancel() {} }) as unknown as Animation;
globalThis.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  addEventListener() {},
  removeEventListener() {},
})) as unknown as typeof matchMedia;

afterEach(() => {
  localStorage.clear();
  location.hash = "";
});
