<?php // wants: timeout; timeoutMs=1500; stdout is "started\n"
echo "started\n";
$end = microtime(true) + 60;
$count = 0;
while (microtime(true) < $end) {
    $count++;
}
echo "never\n";
