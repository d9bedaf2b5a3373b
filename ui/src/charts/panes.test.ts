import { describe, expect, it } from "vitest";

import { fitPanes, LEAST_PX, MOST_PX, moveLine, PRICE_PX } from "./panes";

/** Price, lines and panes must fill the room and never overlap. */
function check(roomPx: number, wanted: number[]): number[] {
  const { price, panes } = fitPanes(roomPx, wanted);
  let top = price;
  for (const pane of panes) {
    expect(pane.top).toBe(top + 1);
    top = pane.top + pane.height;
  }
  expect(top).toBe(roomPx);
  return panes.map(({ height }) => height);
}

describe("heights", () => {
  it("are what was asked for where there is room", () => {
    expect(check(600, [96, 84])).toEqual([96, 84]);
  });

  it("without panes leave everything to the price", () => {
    expect(check(600, [])).toEqual([]);
    expect(fitPanes(600, []).price).toBe(600);
  });

  it("give way to the price, in proportion to what they have to spare", () => {
    const [one, two] = check(500, [300, 150]);
    expect(fitPanes(500, [300, 150]).price).toBeGreaterThanOrEqual(PRICE_PX);
    expect((one - LEAST_PX) / (two - LEAST_PX)).toBeCloseTo((300 - LEAST_PX) / (150 - LEAST_PX), 0);
  });

  it("keep their least in a window that is too low for all", () => {
    expect(check(300, [96, 84])).toEqual([LEAST_PX, LEAST_PX]);
  });
});

describe("moving a line", () => {
  it.each([
    ["the first takes from the price", [96, 84], 0, 20, [116, 84]],
    ["the second takes from the first", [96, 84], 1, 20, [76, 104]],
    ["and gives back to it", [96, 84], 1, -10, [106, 74]],
    ["a pane keeps its least", [96, 84], 0, -500, [LEAST_PX, 84]],
    ["and the one above keeps its own", [96, 84], 1, 500, [LEAST_PX, 116]],
    ["a part of a pixel moves nothing", [96, 84], 1, 0.4, [96, 84]],
    ["no pane grows beyond the most", [300, 84], 0, 500, [MOST_PX, 84]],
  ])("%s", (_, heights, index, by, after) => {
    expect(moveLine(heights as number[], index as number, by as number)).toEqual(after);
  });
});
