// A summary that counts wrongly hides failures, so the counter has tests of its own.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cargo, playwright, tap, vitest } from "../../script/count-tests.mjs";

function check(name, count, text, passed, failed, skipped) {
  test(name, () => assert.deepEqual(count(text), { passed, failed, skipped }));
}

check(
  "nextest: slow, flaky and timed out tests are counted once each",
  cargo,
  "  PASS [0.1s] a\n\u001b[31m     Summary\u001b[0m [  10.010s] \u001b[1m9\u001b[0m tests run: 6 passed (2 slow, 1 flaky), 1 failed, 1 timed out, 1 exec failed, 4 skipped\n",
  6,
  3,
  4,
);
check(
  "nextest: a single test",
  cargo,
  "     Summary [   0.010s] 1 test run: 1 passed, 0 skipped\n",
  1,
  0,
  0,
);
check(
  "nextest: tests that a cancelled run never started are failures",
  cargo,
  "     Summary [   0.010s] 3/10 tests run: 2 passed, 1 failed, 0 skipped\n",
  2,
  8,
  0,
);
check(
  "cargo test: every binary's line is added",
  cargo,
  "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n" +
    "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n",
  7,
  2,
  1,
);
check(
  "vitest: a file that did not load is a failure",
  vitest,
  JSON.stringify({
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 0,
    testResults: [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{ status: "failed" }] },
    ],
  }),
  5,
  2,
  2,
);
check(
  "playwright: a flaky test and a broken set-up are failures",
  playwright,
  JSON.stringify({
    stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 },
    errors: [{ message: "no server" }],
  }),
  4,
  3,
  2,
);
check(
  "tap: cancelled tests are failures",
  tap,
  "TAP version 13\n# tests 6\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n",
  3,
  2,
  1,
);

test("a run that wrote no summary is an error, never a run without failures", () => {
  assert.throws(() => cargo("error: could not compile\n"), /no summary line/);
  assert.throws(() => tap(""), /no "# pass" line/);
  assert.throws(() => vitest(""));
});
