-- wants: error; exit 7; stdout is "before\n"; stderr is ""
print("before")
os.exit(7)
