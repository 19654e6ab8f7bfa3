-- wants: error; stdout is "before\n"; stderr has "something broke"
print("before")
error("something broke")
