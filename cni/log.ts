/**
 * The plugin's log: to the installer's socket, to a small file where nobody listens, and to standard
 * error where neither works.
 *
 * @module
 */
import { stderrSink } from "core/program/log.ts";
import { unixLog } from "core/host/unix_log.ts";
import { parseLogLevel } from "core/log/levels.ts";
import type { Logger } from "core/log/logger.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { callFields, type Invocation } from "core/cni/invocation.ts";
import type { NetConf } from "core/cni/net_conf.ts";

/** A logger, and the call that delivers its lines at the end; neither ever throws or waits for long. */
export interface PluginLog {
  readonly logger: Logger;
  flush(): Promise<void>;
}

/** The log of one call; each line names the pod, the container and the command. */
export function pluginLog(invocation: Invocation, conf: NetConf): PluginLog {
  const buffered = unixLog({ socket: conf.logSocket, file: conf.logFile });
  const kept: LogRecord[] = [];
  const wanted = parseLogLevel(conf.logLevel || "info");
  const logger = createLogger({
    name: "kuma-cni",
    level: wanted ?? "info",
    sink: (record) => {
      buffered.sink(record);
      kept.push(record);
    },
    fields: callFields(invocation),
  });
  if (wanted === undefined) {
    logger.warn(
      'the configuration\'s "log_level" is unknown, "info" is taken',
      {
        log_level: conf.logLevel,
      },
    );
  }
  return {
    logger,
    async flush() {
      if (await buffered.flush() !== "lost") return;
      const write = stderrSink("text");
      for (const record of kept) write(record);
    },
  };
}
