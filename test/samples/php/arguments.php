<?php // wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
echo $argc - 1, "\n";
foreach (array_slice($argv, 1) as $argument) {
    echo "[$argument]\n";
}
