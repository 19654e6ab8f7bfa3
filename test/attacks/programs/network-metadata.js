// wants: ok; within 2500 ms; stdout is "done\n"
// The address where clouds hand out credentials, and its relatives.
const addresses = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "[fd00:ec2::254]", "metadata.google.internal"];
for (const address of addresses) {
  try {
    const response = await fetch(`http://${address}/latest/meta-data/`, { signal: AbortSignal.timeout(300) });
    console.log(address, response.status);
  } catch {}
}
console.log("done");
export {};
