// What the tests of the pump share: runs that print into pipes, files to look into, and facts to wait for.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../pump.h"
#include "until.h"

namespace printing {

using namespace sentry;
using namespace std::chrono_literals;

class Facts {
 public:
  Post post() {
    return [this](Fact fact) {
      const std::lock_guard lock(mutex_);
      if (std::holds_alternative<FlushedFact>(fact)) flushed_ = std::get<FlushedFact>(fact).token;
      if (std::holds_alternative<LostFact>(fact)) lost_ += std::get<LostFact>(fact).count;
      if (auto* rotated = std::get_if<RotatedFact>(&fact)) (rotated->fault ? faults_ : rotations_) += 1;
      if (auto* packed = std::get_if<PackedFact>(&fact)) packed_ = packed->sink;
      changed_.notify_all();
    };
  }
  // True once all that was asked of the pump before is written or dropped.
  bool flush(Pump& pump) {
    const int64_t token = ++asked_;
    pump.flush(token);
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kNever, [&] { return flushed_ >= token; });
  }
  int64_t lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }
  int rotations() {
    const std::lock_guard lock(mutex_);
    return rotations_;
  }
  // The last sink of which one was.
  int packed() {
    const std::lock_guard lock(mutex_);
    return packed_;
  }
  int faults() {
    const std::lock_guard lock(mutex_);
    return faults_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t asked_ = 0, flushed_ = 0, lost_ = 0;
  int rotations_ = 0, faults_ = 0, packed_ = 0;
};

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  Fd out, in;
};

inline bool print(const Fd& to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(to.get(), text.data(), text.size());
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Lines that are as long as each other.
inline std::string number(int i) { return std::to_string(1'000'000 + i); }

// A process that prints these numbers up to the last one, a few lines at a time, and ends with 0 if all could be printed.
inline pid_t start_printer(const Fd& to, int last) {
  const pid_t printer = fork();
  if (printer != 0) return printer;
  std::string text;
  for (int i = 0; i <= last; ++i) {
    text += number(i) + "\n";
    if (i % 3 != 0) continue;
    if (!print(to, text)) _exit(1);
    text.clear();
  }
  _exit(print(to, text) ? 0 : 1);
}

// Reads until the text ends in this, so many bytes at a time.
inline std::string read_until(const Fd& from, std::string_view end, size_t sip = 4096) {
  std::string text;
  char bytes[4096];
  while (!text.ends_with(end)) {
    const ssize_t n = read(from.get(), bytes, sip);
    if (n <= 0) break;
    text.append(bytes, static_cast<size_t>(n));
  }
  return text;
}

// Has a run of this number adopted. Its stdout is what is returned; nothing ever prints to its stderr.
inline Fd run_of(Pump& pump, RunId run, int sink, std::string label = "a.1", std::string colour = "") {
  Pipe out, err;
  pump.adopt({run, 0, std::move(out.out), sink, label, 0, colour, false, ""});
  pump.adopt({run, 1, std::move(err.out), sink, std::move(label), 0, std::move(colour), false, ""});
  return std::move(out.in);
}

inline void say(Pump& pump, int sink, std::string text, RunId opens = 0, RunId closes = 0) {
  Line line;
  line.sink = sink;
  line.text = std::move(text);
  line.opens = opens;
  line.closes = closes;
  pump.say(std::move(line));
}

// All that is shown by a sink which nobody has read so far. `Exited` is said once it is read again: before that, it would
// be dropped.
inline std::string read_at_last(const Fd& from, Pump& pump, int sink, RunId closes = 0) {
  std::string text;
  while (text.find("nobody read.\n") == std::string::npos) text += read_until(from, "\n");
  say(pump, sink, "Exited", 0, closes);
  return text + read_until(from, "Exited\n");
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class File {
 public:
  File() {
    char name[] = "/tmp/sentry-pump-XXXXXX";
    Fd made(mkstemp(name));
    path_ = name;
  }
  ~File() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string text() const { return text_of(path_); }
  size_t size() const {
    std::ifstream file(path_, std::ios::binary | std::ios::ate);
    return static_cast<size_t>(file.tellg());
  }
  int open(Pump& pump, Format format = Format::prefixed) const { return open(pump, LogFile{"", format}); }
  int open(Pump& pump, LogFile file) const {
    file.path = path_;
    return std::get<int>(pump.open_file(std::move(file)));
  }

 private:
  std::string path_;
};

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Without `HH:MM:SS label` and its padding.
inline std::vector<std::string> unlabelled(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  for (std::string& line : lines) {
    if (line.size() >= 25 && line[2] == ':' && line[5] == ':' && line[8] == ' ') line.erase(0, 25);
  }
  return lines;
}

inline std::string numbered(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "this is line number " + std::to_string(i) + "\n";
  return text;
}

// Every line is there or counted in a notice that stands in its place. Returns how many were counted, or -1.
inline int64_t gaps(const std::vector<std::string>& lines, int expected) {
  int64_t next = 0, dropped = 0;
  for (const std::string& line : lines) {
    int64_t number = 0;
    if (std::sscanf(line.c_str(), "Sentry dropped %" SCNd64 " line", &number) == 1) {
      dropped += number;
      next += number;
    } else if (line == "this is line number " + std::to_string(next)) {
      ++next;
    } else if (line != "Started" && line != "Exited") {
      return -1;
    }
  }
  return next == expected ? dropped : -1;
}

}  // namespace printing
