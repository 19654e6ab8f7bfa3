<?php // wants: error; exit 255; stdout lacks "never\nnever"
echo "never\n"
echo "never\n";
