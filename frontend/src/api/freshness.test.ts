import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";

import { Freshness } from "./freshness";

/** A list that is read only when the test lets it be: each reading has what was there when it began. */
function watched() {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  const under: (() => void)[] = [];
  const there = { count: 0, readings: 0 };
  const queryFn = () => {
    const { count } = there;
    there.readings += 1;
    return new Promise<number>((done) => under.push(() => done(count)));
  };
  const observer = new QueryObserver(queries, { queryKey: ["things"], queryFn });
  const stop = observer.subscribe(() => undefined);
  const answer = async () => {
    under.shift()?.();
    await new Promise((done) => setTimeout(done, 5));
  };
  return { queries, there, answer, stop, shown: () => queries.getQueryData<number>(["things"]) };
}

test("a change during the first reading is read afterwards", async () => {
  const { queries, there, answer, stop, shown } = watched();
  there.count = 1;
  const done = new Freshness(queries).changed("things");
  await answer();
  expect(shown()).toBe(0);
  await answer();
  await done;
  expect(shown()).toBe(1);
  stop();
});

test("changes that come faster than answers break off no reading, and the last one is shown", async () => {
  const { queries, there, answer, stop, shown } = watched();
  await answer();
  const freshness = new Freshness(queries);
  const done = freshness.changed("things");
  for (there.count = 1; there.count < 50; there.count += 1) void freshness.changed("things");
  await answer();
  await answer();
  await done;
  expect(shown()).toBe(50);
  expect(there.readings).toBe(3);
  stop();
});

test("what is of another name is left alone, and all is read where none is given", async () => {
  const { queries, there, answer, stop } = watched();
  await answer();
  const freshness = new Freshness(queries);
  await freshness.changed("others");
  expect(there.readings).toBe(1);
  const done = freshness.changed();
  await answer();
  await done;
  expect(there.readings).toBe(2);
  stop();
});
