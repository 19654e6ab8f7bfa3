# wants: error; exit 1; stdout is ""; stderr has "SyntaxError"
print("never")
if True
    print("never")
