import { expect, test } from "vitest";

import { bestFirst, fit } from "./fuzzy";

const TITLES = ["Go to Desk", "Go to Data", "Show levels", "Switch between dark and light"];

test("letters in order find a text, letters out of order do not", () => {
  expect(fit("gtd", "Go to Desk")).not.toBeNull();
  expect(fit("ksed", "Go to Desk")).toBeNull();
});

test("the beginnings of words win", () => {
  expect(bestFirst("dl", TITLES, String)[0]).toBe("Switch between dark and light");
  expect(bestFirst("gda", TITLES, String)[0]).toBe("Go to Data");
  expect(bestFirst("lev", TITLES, String)).toEqual(["Show levels"]);
});

test("nothing typed leaves the order alone", () => {
  expect(bestFirst(" ", TITLES, String)).toEqual(TITLES);
});
