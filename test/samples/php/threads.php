<?php // wants: ok; stdout is "5000050000\n"
// The nearest there is: processes, each of which is told its share and prints what it comes to.
if ($argc > 1) {
    $slot = (int) $argv[1];
    echo array_sum(range($slot * 25_000 + 1, ($slot + 1) * 25_000));
    exit;
}

$outputs = [];
foreach (range(0, 3) as $slot) {
    $processes[] = proc_open([PHP_BINARY, __FILE__, (string) $slot], [1 => ["pipe", "w"]], $pipes);
    $outputs[] = $pipes[1];
}
echo array_sum(array_map("stream_get_contents", $outputs)), "\n";
array_map("proc_close", $processes);
