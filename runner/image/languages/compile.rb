# Run while the image is built: puts the compiled form of Ruby's own library into one file, which
# ruby.so answers from, so that `require "json"` in a sandbox neither reads nor parses anything.
# Each record is two numbers, the lengths of what follows: a path, and its code on a boundary of 16
# bytes. A path without code is that of an extension, which is mapped while there is time.

LIBRARIES = %w[
  abbrev base64 benchmark bigdecimal bigdecimal/util cgi csv date delegate digest digest/md5 digest/sha1
  digest/sha2 English erb fileutils find forwardable io/console json logger matrix minitest
  minitest/autorun monitor objspace observer open3 openssl optparse ostruct pathname pp prettyprint prime
  psych racc securerandom set shellwords singleton socket stringio strscan tempfile test/unit time
  timeout tmpdir tsort uri weakref yaml zlib
].freeze
# Those that short programs use; the rest is mapped when it is asked for.
MAPPED = %w[bigdecimal date_core digest generator parser pathname etc sha2 md5 stringio strscan monitor].freeze
ALIGNMENT = 16

def features_of(libraries)
  libraries.each do |library|
    require library
  rescue LoadError => error
    warn "#{library} is not there: #{error.message}"
  end
  $LOADED_FEATURES.select { |path| path.start_with?("/") && !path.start_with?(__dir__) }
end

def record(path, code)
  head = [path.bytesize, code.bytesize].pack("L2") + path
  code = code.b
  [head, code].map { |part| part.b + "\0" * (-part.bytesize % ALIGNMENT) }.join
end

def compiled(path)
  RubyVM::InstructionSequence.compile_file(path).to_binary
end

records = features_of(LIBRARIES).filter_map do |path|
  case File.extname(path)
  when ".rb" then record(path, compiled(path))
  when ".so" then record(path, "") if MAPPED.include?(File.basename(path, ".so"))
  end
end
File.binwrite("#{__dir__}/library.bundle", records.join + "\0" * ALIGNMENT)
exit! # what minitest would do at exit is not wanted
