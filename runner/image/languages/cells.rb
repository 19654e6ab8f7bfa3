# What runs before and after each cell of a Ruby session; the cell itself is evaluated by ruby.c, with
# nothing of ours below it on the stack. Evaluates to one object without a name, because a program that
# is no session must find nothing of it. A cell's value is shown by `inspect`, one JSON object a line.

Object.new.instance_eval do
  @known = {}
  @features = 0
  @place = "/run/cell/"
  @workspace = "/workspace/"
  @text_chars_max = 512 << 10
  @escapes = (0..31).to_h { |code| [code.chr, format("\\u%04x", code)] }.merge('"' => '\\"', "\\" => "\\\\")

  # Of a loaded file: when it was changed, and its content as a number.
  def state_of(path) = [File.mtime(path), File.size(path)]
  def content_of(path) = File.binread(path).hash

  # Looks for files of the workspace that have been loaded since the last time.
  def notice
    return if $LOADED_FEATURES.size == @features
    $LOADED_FEATURES.each do |path|
      next if @known.key?(path) || !path.start_with?(@workspace)
      @known[path] = [state_of(path), content_of(path)]
    rescue SystemCallError
      next
    end
    @features = $LOADED_FEATURES.size
  end

  # When one has changed, all are forgotten, so that whatever is required next is loaded anew.
  def forget_changed
    changed = @known.any? do |path, (state, content)|
      state_of(path) != state && content_of(path) != content
    rescue SystemCallError
      true
    end
    return unless changed
    $LOADED_FEATURES.reject! { |path| @known.key?(path) }
    @known.clear
    @features = 0
  end

  # A standard input that holds nothing of what an earlier cell has left unread.
  def take_input(has_input)
    return if !has_input && @is_empty && STDIN.fileno == 0 && STDIN.stat.chardev?
    STDIN.reopen(has_input ? "#{@place}stdin" : File::NULL, "r")
    STDIN.lineno = 0
    $stdin = STDIN
    @is_empty = !has_input
  rescue IOError
    STDIN.reopen(has_input ? "#{@place}stdin" : File::NULL, "r")
    $stdin = STDIN
  end

  def take_data(source)
    _, data = source.split(/^__END__\r?\n/, 2)
    return unless data
    require "stringio"
    Object.send(:remove_const, :DATA) if Object.const_defined?(:DATA, false)
    Object.const_set(:DATA, StringIO.new(data))
  end

  # From here on a cell can be interrupted. Whoever sets interrupts aside does so for one cell.
  def restore_interrupt
    before = trap("INT", "DEFAULT")
    trap("INT", before) if before.is_a?(Proc)
  end

  # What a cell is to be evaluated from: its text, the name of its file, and whether it has an input.
  def prepare(words, source, is_first)
    _, number, input, name, *arguments = words
    RubyVM.keep_script_lines = true if is_first # for errors to show lines of cells
    forget_changed
    take_input(input == "input")
    source = source.force_encoding(Encoding::UTF_8).delete_prefix("\uFEFF")
    take_data(source) if source.include?("__END__")
    file = name.empty? ? "<cell #{number}>" : @workspace + name
    $0 = file
    ARGV.replace(arguments) unless name.empty?
    @file = file
    restore_interrupt
    [source, file, input == "input"]
  end

  def inspect_of(value)
    return "#<BasicObject>" unless Object === value
    text = value.inspect
    text = text.is_a?(String) ? text : value.to_s
    text = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    return text if text.length <= @text_chars_max
    "#{text[0, @text_chars_max]}… (#{text.length - @text_chars_max} more characters)"
  end

  def line_of(text)
    %({"kind":"value","data":{"text/plain":"#{text.gsub(/["\\\x00-\x1f]/, @escapes)}"}}\n)
  end

  # As Ruby tells of an error that nobody rescues, without the frame that evaluates the cell and ours.
  def tell(error)
    own = /(^\tfrom )?#{Regexp.escape(@file)}:in [`']eval'(?:\n|: )|^\tfrom #{Regexp.escape(__FILE__)}:.*\n/
    $stderr.write(error.full_message(highlight: false, order: :top).gsub(own, ""))
  rescue Exception
    nil
  end

  # The exit code and the signal that an error stands for.
  def outcome_of(error)
    return [error.status & 255, 0] if error.is_a?(SystemExit)
    tell(error)
    error.is_a?(SignalException) ? [0, error.signo] : [1, 0]
  end

  def flush
    [$stdout, $stderr, STDOUT, STDERR].each do |stream|
      stream.flush
    rescue Exception
      next
    end
  end

  # Shows the value, tells the error, leaves nothing in a buffer; what it came to, and what to show.
  def finish(value, error)
    line = nil
    begin
      outcome = error ? outcome_of(error) : [0, 0]
      unless error || nil.equal?(value)
        TOPLEVEL_BINDING.local_variable_set(:_, value)
        line = line_of(inspect_of(value))
      end
    rescue Exception => failure
      outcome = outcome_of(failure)
    end
    flush
    notice
    [*outcome, line]
  end

  # Takes the way of what surrounds a cell, with harmless content.
  def warm_up
    @file = "<warm>"
    line_of(inspect_of([1, "a\n"]))
    finish(nil, nil)
    forget_changed
    restore_interrupt
    @known.clear
    @features = 0
  end

  self
end
