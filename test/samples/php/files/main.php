<?php // wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
require __DIR__ . "/greet.php";

foreach (file("data/names.txt", FILE_IGNORE_NEW_LINES) as $name) {
    echo greet($name), "\n";
}
