// The built program as a process of its own.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const binary = new URL("../../bin/corrgraph", import.meta.url).pathname;

/** A guard against waiting for ever, ms; nothing is judged by it. */
const hanging = 600_000;

/** A running service. It listens on loopback, on a port that the kernel chose. */
export class Server {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
  ) {}

  /** Starts a command of the program that serves, and returns once it listens. */
  static async start(...args: string[]): Promise<Server> {
    // On a busy machine ticks are late, for which pages would be refused what they ask.
    if (args[0] === "serve") args.push("--set", "limits.ticks_late=0");
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    process.once("exit", () => child.kill("SIGKILL"));
    const said: string[] = [];
    let guard: NodeJS.Timeout | undefined;
    const url = await new Promise<string>((resolve, reject) => {
      guard = setTimeout(
        () => reject(new Error(`corrgraph ${args.join(" ")} said no address:\n${said.slice(-20).join("\n")}`)),
        hanging,
      );
      const line = (text: string) => {
        said.push(text);
        const at = /(?:http:\/\/|listening on )(127\.0\.0\.1:\d+)/.exec(text);
        if (at) resolve(`http://${at[1]}`);
      };
      createInterface(child.stdout).on("line", line);
      createInterface(child.stderr).on("line", line);
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`corrgraph ${args.join(" ")} ended:\n${said.slice(-20).join("\n")}`)));
    });
    clearTimeout(guard);
    return new Server(url, child);
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }
}

/** Runs a command of the program to its end. */
export async function run(...args: string[]): Promise<void> {
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`corrgraph ${args.join(" ")}: exit code ${code}\n${said}`);
}

/** Asks the API, as any program does. */
export async function ask<T>(url: string, path: string): Promise<T> {
  const answer = await fetch(url + path);
  if (!answer.ok && path !== "/readyz") throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Tells the API something. */
export async function tell(url: string, method: "POST" | "DELETE", path: string, body?: unknown): Promise<void> {
  const answer = await fetch(url + path, {
    method,
    ...(body !== undefined && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** Asks until the answer is as wanted. */
export async function until<T>(url: string, path: string, wanted: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + hanging;
  for (;;) {
    // The first question after a restart may go to a connection of the process before.
    const answer = await ask<T>(url, path).catch((cause: unknown) => cause as Error);
    if (!(answer instanceof Error) && wanted(answer)) return answer;
    if (Date.now() > end)
      throw new Error(
        `${path} is not as wanted after ${hanging} ms: ${String(answer)} ${JSON.stringify(answer).slice(0, 500)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
