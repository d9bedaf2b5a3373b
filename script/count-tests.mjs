#!/usr/bin/env node
// Reads what a test runner wrote and prints "PASSED FAILED SKIPPED".
//
//   count-tests.mjs cargo|vitest|playwright|tap FILE
//
// A file that holds no result is an error (exit 1): a run that died must never count as a run
// without failures.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g;

const sum = (counts) => counts.reduce((total, count) => total + Number(count), 0);

function nextest(summary) {
  const of = (words) =>
    sum([...summary.matchAll(new RegExp(`(\\d+) (?:${words})\\b`, "g"))].map((m) => m[1]));
  return {
    passed: of("passed"),
    failed: of("failed|timed out|exec failed"),
    skipped: of("skipped"),
  };
}

function libtest(lines) {
  const column = (index) => sum(lines.map((line) => line[index]));
  return { passed: column(1), failed: column(2), skipped: column(3) };
}

/** cargo-nextest's summary lines, or plain `cargo test`'s result lines. */
export function cargo(text) {
  const plain = text.replace(COLOURS, "");
  const summaries = [
    ...plain.matchAll(/^\s*Summary \[[^\]]*\] (\d+)(?:\/(\d+))? tests? run: (.*)$/gm),
  ];
  if (summaries.length > 0) {
    const counts = nextest(summaries.map((match) => match[3]).join("\n"));
    const cut = sum(summaries.map(([, run, planned]) => (planned ? planned - run : 0)));
    return { ...counts, failed: counts.failed + cut };
  }
  const results = [
    ...plain.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm),
  ];
  if (results.length === 0) throw new Error("no summary line of cargo nextest or cargo test");
  return libtest(results);
}

/** vitest's JSON reporter. */
export function vitest(text) {
  const report = JSON.parse(text);
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Playwright's JSON reporter. A flaky test passed only on a second try, and counts as failed. */
export function playwright(text) {
  const { stats, errors } = JSON.parse(text);
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
  };
}

/** node --test's TAP reporter. */
export function tap(text) {
  const count = (word) => {
    const match = text.match(new RegExp(`^# ${word} (\\d+)$`, "m"));
    if (!match) throw new Error(`no "# ${word}" line`);
    return Number(match[1]);
  };
  return {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  };
}

const runners = { cargo, vitest, playwright, tap };

function main([runner, file]) {
  const { passed, failed, skipped } = runners[runner](readFileSync(file, "utf8"));
  if (passed + failed + skipped === 0) throw new Error("no test was run");
  console.log(passed, failed, skipped);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`count-tests: ${process.argv.slice(2).join(" ")}: ${error.message}`);
    process.exit(1);
  }
}
