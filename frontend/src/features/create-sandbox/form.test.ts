import { expect, test } from "vitest";

import { cliOf, curlOf } from "./equivalent";
import { EMPTY, requestOf, words } from "./form";

test("a command is split as a shell does", () => {
  expect(words(`sh -c 'echo "a b"; exit 1'`)).toEqual(["sh", "-c", 'echo "a b"; exit 1']);
  expect(words(`a"b c"d e\\ f "q\\"r"`)).toEqual(["ab cd", "e f", 'q"r']);
  expect(words("  ")).toEqual([]);
});

test("an empty form leaves everything to the API's defaults", () => {
  expect(requestOf({ ...EMPTY, image: " busybox:latest " })).toEqual({ image: "busybox:latest" });
});

const FULL = {
  ...EMPTY,
  image: "busybox:latest",
  name: "web",
  command: "sh -c 'echo hi'",
  ports: "3000, 8081:80 53:53/udp",
  env: "A=1=2\n\nB=",
  labels: "team=red\nplain",
  memory: "512m",
  cpus: "1.5",
  network: "none" as const,
  engine: "native" as const,
};

test("a full form is a whole request", () => {
  expect(requestOf(FULL)).toEqual({
    image: "busybox:latest",
    name: "web",
    cmd: ["sh", "-c", "echo hi"],
    ports: ["3000/tcp", "8081:80", "53:53/udp"],
    env: ["A=1=2", "B="],
    labels: { team: "red", plain: "" },
    limits: { memory: "512m", cpus: 1.5 },
    network: "none",
    engine: "native",
  });
});

test("the lines for a terminal quote what a shell would take apart", () => {
  const request = requestOf({ ...FULL, command: `echo "it's"` });
  expect(cliOf(request)).toContain(`busybox:latest echo 'it'\\''s'`);
  expect(cliOf(request)).toContain("--memory 512m");
  expect(curlOf(request, "http://localhost:8080")).toContain(`it'\\''s`);
});
