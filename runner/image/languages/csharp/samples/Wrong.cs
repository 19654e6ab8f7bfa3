class Wrong { int Value() { string text = 1; return Missing(text) } }
