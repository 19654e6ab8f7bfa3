<?php // wants: error; exit 7; stdout is "before\n"; stderr is ""
echo "before\n";
exit(7);
