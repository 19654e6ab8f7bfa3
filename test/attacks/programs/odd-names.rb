# wants: ok; stdout is "done\n"
# Names with every byte, too long, with lines, backwards, like options and like places elsewhere.
names = (1..255).reject { |byte| byte == 47 }.map { |byte| "n#{[byte].pack("C")}" }
names += ["-rf", "--", "...", " ", "~", "*", "$(reboot)", "a\nb\n..", "\u202Egnp", "x" * 255, "\xff" * 255, "..\\..\\x", "%2e%2e"]
%w[/workspace /tmp /dev/shm].each do |place|
  names.each_with_index do |name, at|
    case at % 5
    when 0 then Dir.mkdir("#{place}/#{name}")
    when 1 then File.symlink("../" * 20 + "etc/passwd", "#{place}/#{name}")
    when 2 then File.mkfifo("#{place}/#{name}", 0)
    else File.write("#{place}/#{name}", name)
    end
  rescue SystemCallError => error
    puts "#{name.inspect} #{error.class}"
  end
end
puts "done"
