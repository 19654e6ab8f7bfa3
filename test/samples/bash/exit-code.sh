# wants: error; exit 7; stdout is "before\n"; stderr is ""
echo before
exit 7
echo after
