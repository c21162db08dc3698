import { socketProtocols } from "@/api/key";

interface Events {
  onOutput: (bytes: Uint8Array) => void;
  onEnd: (reason: { exit?: number; message?: string }) => void;
}

interface Size {
  columns: number;
  rows: number;
}

type ServerMessage =
  | { type: "started"; id: string }
  | { type: "exit"; exit_code: number }
  | { type: "error"; error: { message: string } };

/** A command with a terminal, over the WebSocket that docs/api.md describes. */
export class Connection {
  private readonly socket: WebSocket;
  private hasEnded = false;

  constructor(base: string, start: { type: string; cmd: readonly string[] } & Size, events: Events, query = "") {
    const address = new URL(`${base}/exec/ws${query}`, window.location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.socket = new WebSocket(address, socketProtocols());
    this.socket.binaryType = "arraybuffer";
    const end = (reason: { exit?: number; message?: string }) => {
      if (this.hasEnded) return;
      this.hasEnded = true;
      events.onEnd(reason);
    };
    this.socket.onopen = () => this.say({ ...start, tty: true });
    this.socket.onclose = () => end({});
    this.socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      // The first byte of a binary message tells the stream.
      if (typeof data !== "string") return events.onOutput(new Uint8Array(data, 1));
      const message = JSON.parse(data) as ServerMessage;
      if (message.type === "exit") end({ exit: message.exit_code });
      if (message.type === "error") end({ message: message.error.message });
    };
  }

  type(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  resize(size: Size): void {
    this.say({ type: "resize", ...size });
  }

  close(): void {
    this.hasEnded = true;
    this.socket.close();
  }

  private say(message: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
