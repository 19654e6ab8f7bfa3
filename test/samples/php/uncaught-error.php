<?php // wants: error; exit 255; stdout starts with "before\n"
echo "before\n";
throw new RuntimeException("something broke");
