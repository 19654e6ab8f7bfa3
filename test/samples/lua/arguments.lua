-- wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
print(#arg)
for _, argument in ipairs(arg) do
  print("[" .. argument .. "]")
end
