// Times as people say them.

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** How long ago a moment was. */
export function ago(iso: string | null): string | null {
  return iso === null ? null : `${span(Date.now() - Date.parse(iso))} ago`;
}

/** How long it is until a moment. */
export function until(iso: string | null): string | null {
  if (iso === null) return null;
  const ms = Date.parse(iso) - Date.now();
  return ms <= 0 ? "over" : `in ${span(ms)}`;
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
