# wants: error; stdout is "before\n"; stderr has "something broke"
print("before")
raise RuntimeError("something broke")
