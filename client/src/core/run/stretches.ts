import { stretchReport, type Stretch, type StretchReport } from "../scoring/directions.js";
import type { RunFacts } from "../scoring/measurements.js";
import { report } from "../scoring/report.js";
import { shipped } from "../scoring/requirements.js";
import type { Span } from "./spans.js";

export interface PlayedStretch {
  stretch: Stretch;
  /** The time that counts. */
  span: Span;
}

/** Facts and verdicts of a stretch. */
export interface MeasuredStretch extends StretchReport {
  /** Seconds since the run began. */
  fromS: number;
  untilS: number;
  facts: RunFacts;
}

/** Judge stretches by the facts of their spans. */
export function measuredOf(
  played: readonly PlayedStretch[],
  beganAt: number,
  factsIn: (span: Span) => RunFacts,
): readonly MeasuredStretch[] {
  return played.map(({ stretch, span }) => {
    const facts = factsIn(span);
    const [fromS, untilS] = [(span.from - beganAt) / 1000, (span.until - beganAt) / 1000];
    return { ...stretchReport(stretch, report(facts, shipped)), fromS, untilS, facts };
  });
}
