// What an account's webhooks are signed with: made when it is first needed, and kept as it is,
// because whoever signs must have the secret itself.

const SECRET_BYTES = 32;

/** The account's secret, as Standard Webhooks writes one. The caller holds the transaction. */
export function secretOf(sql: SqlStorage): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const secret = `whsec_${btoa(String.fromCharCode(...bytes))}`;
  sql.exec("INSERT OR IGNORE INTO webhook (only, secret) VALUES (1, ?)", secret);
  return sql.exec<{ secret: string }>("SELECT secret FROM webhook").one().secret;
}
