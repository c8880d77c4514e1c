import type { FromWorker, ToWorker } from "../core/session/worker-messages.js";
import { Connection } from "./connection.js";

declare const self: DedicatedWorkerGlobalScope;

let connection: Connection | undefined;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case "start":
      connection ??= new Connection(data, (report: FromWorker) => {
        self.postMessage(report);
      });
      break;
    case "report":
      connection?.report(data.run);
      break;
    case "limit":
      connection?.limit(data.mbps);
      break;
    case "stop":
      connection?.stop(data.settleMs);
      break;
  }
};
