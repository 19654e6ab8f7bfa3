<?php // wants: ok; stdout is "Hello, world!\n"
echo "Hello, world!\n";
