# wants: error; stdout is "before\n"; stderr has "something broke"
echo before
: "${nothing:?something broke}"
echo after
