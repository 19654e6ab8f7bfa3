-- wants: error; exit 1; stdout is ""; stderr has "main.lua"
print("never")
if true the
  print("never")
end
