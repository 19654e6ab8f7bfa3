# wants: error; exit 2; stdout is ""; stderr has "syntax error"
if true; then done
echo never
