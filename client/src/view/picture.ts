import type { Person } from "../core/people.js";
import { gradedDelayOf, type Conclusion, type ShownPerson } from "../core/run/run.js";
import { messageOf } from "../text/language.js";
import type { Text } from "../text/text.js";
import type { Format } from "./format.js";

/** Size of link previews, pixels. */
const width = 1200;
const height = 630;
const margin = 64;
/** Fixed colours: a picture looks the same everywhere. */
const ink = "#f4f5fb";
const soft = "#aab0c6";
const ground = "#12141f";
const good = "#5ed68a";
const fair = "#f5b04c";
const poor = "#ff9a8f";

/** Draw grade, people, date and host. @throws Error if the browser makes no picture. */
export async function pictureOf(result: Conclusion, text: Text, format: Format): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("the browser draws no pictures");
  draw(context, result, text, format);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("the browser makes no PNG"));
      else resolve(blob);
    }, "image/png");
  });
}

function draw(context: CanvasRenderingContext2D, { endedAt, host, report }: Conclusion, text: Text, format: Format): void {
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  write(context, text.share.card, margin, 96, 44, ink, 700);
  drawGrade(context, report.grade ?? "?", text);
  report.people.forEach((person, index) => {
    drawPerson(context, person, 470, 190 + index * 88, text);
  });
  const rate = (pick: "download" | "upload"): string =>
    format.mbps(report.people.reduce((sum, person) => sum + person[pick].gotBps, 0));
  const day = format.date(endedAt);
  const { addedMs: added } = gradedDelayOf(report);
  if (added !== null) write(context, text.share.delay(format.milliseconds(added)), margin, 540, 26, ink, 700);
  write(context, text.share.downAndUp(rate("download"), rate("upload")), margin, height - 54, 24, soft, 400);
  write(context, `${brand() || host} · ${day}`, margin, height - 20, 24, soft, 400);
}

function brand(): string {
  const mark = document.querySelector(".brand");
  return mark?.querySelector("img")?.alt ?? mark?.textContent.trim() ?? "";
}

function drawGrade(context: CanvasRenderingContext2D, grade: string, text: Text): void {
  const words = Object.entries(text.grades).find(([key]) => key === grade)?.[1];
  const colour = grade.startsWith("A") ? good : grade === "B" || grade === "C" ? fair : poor;
  context.beginPath();
  context.arc(margin + 150, 300, 140, 0, 2 * Math.PI);
  context.lineWidth = 16;
  context.strokeStyle = colour;
  context.stroke();
  context.textAlign = "center";
  write(context, grade, margin + 150, 300 + 52, 150, colour, 800, 250);
  write(context, words?.title ?? "", margin + 150, 494, 32, ink, 700, 330);
  context.textAlign = "start";
}

function drawPerson(context: CanvasRenderingContext2D, person: ShownPerson, x: number, y: number, text: Text): void {
  const score = Math.round(person.outcome.score ?? 0);
  const colour = score >= 70 ? good : score >= 40 ? fair : poor;
  const { name, activity } = text.people[person.who as Person];
  context.textAlign = "end";
  write(context, String(score), x + 64, y + 16, 44, colour, 800, 84);
  context.textAlign = "start";
  write(context, `${name} · ${activity}`, x + 88, y, 26, ink, 700);
  write(context, messageOf(text, person.verdict), x + 88, y + 32, 20, soft, 400, width - x - 88 - margin);
}

function write(
  context: CanvasRenderingContext2D,
  words: string,
  x: number,
  y: number,
  size: number,
  colour: string,
  weight: number,
  most = width - x - margin,
): void {
  context.font = `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif`;
  context.fillStyle = colour;
  context.fillText(words, x, y, most);
}
