import os from "node:os";

import { connection } from "next/server";

/** What this process can see of the sandbox it runs in. */
function facts(): [name: string, value: string][] {
  return [
    ["Sandbox", os.hostname()],
    ["Runtime", process.versions.bun ? `Bun ${process.versions.bun}` : `Node ${process.version}`],
    ["Kernel", `${os.type()} ${os.release()} (${os.arch()})`],
    ["Rendered", `${new Date().toISOString().slice(0, 19).replace("T", " ")} UTC`],
  ];
}

export default async function Home() {
  // Waits for a request, so that the facts are those of the moment and not of a build.
  await connection();
  return (
    <main>
      <p className="badge">
        <span className="dot" aria-hidden="true" /> running
      </p>
      <h1>Hello from a ctnr sandbox</h1>
      <p className="lead">
        This page is a React server component, rendered by a Next.js dev server that runs isolated
        from its host and answers on a published port.
      </p>
      <dl>
        {facts().map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">
        Edit <code>/app/src/app/page.tsx</code> in the sandbox, and this page follows.
      </p>
    </main>
  );
}
