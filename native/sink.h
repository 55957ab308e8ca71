// Where output goes: a terminal, pipe, socket or file, opened so that writing to it never waits for a reader.
//
// O_NONBLOCK belongs to the open file description, and that of a terminal is shared with the shell and what it starts:
// setting it there would break them. So a terminal or pipe is opened once more through /proc/self/fd, which gives
// a description of our own. A socket cannot be reopened, but send(2) takes MSG_DONTWAIT for one call. A regular file
// never waits for a reader; one that was given to us is duplicated, as its offset is shared with others who write there.
//
// A sink that takes nothing more is blocked, and what is not written yet stays in the pipes of those who printed it.
// After a second without a byte taken it counts as unread: then lines are dropped here, and counted, so that no child is
// held up by a terminal with Ctrl-S. A file that refuses (ENOSPC) is failing: the batch is dropped and counted, the next
// one is tried. A line that was half taken is owed. What is owed, and then word of what was dropped, goes before
// anything else, so that lines stay whole, and a gap is marked where it is.
//
// A file may end in half a line that nobody owes: a SIGKILL can end a write between two pages. What came after it is
// repeated, and must not stick to the torn line, so that a newline is owed first.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

class Sink {
 public:
  using Clock = std::chrono::steady_clock;
  enum class State {
    taking,   // as far as we know, the next write goes through
    blocked,  // EAGAIN: its reader is slow
    unread,   // blocked for so long that lines are dropped
    failing,  // the machine refused, and may do better with the next batch
    dead,     // nobody will ever read it: all is discarded in silence
  };

  // A descriptor that this process was given. One that is closed makes a dead sink.
  static Sink terminal(int fd);
  // A file, made with mode 0600 if need be, and never through a symbolic link. Each batch goes where the file ends by
  // then, so that truncating it is harmless. No O_APPEND: splice(2) answers EINVAL to it.
  static std::variant<Sink, Fault> file(const std::string& path, bool raw);

  State state() const noexcept { return state_; }
  bool raw() const noexcept { return raw_; }
  int descriptor() const noexcept { return fd_.get(); }

  // Writes what is taken at once, and returns how many of these bytes that was. Where it was not all, state() says why.
  size_t offer(std::string_view bytes);
  // The rest of a line of which a part was taken.
  void owe(std::string_view rest) { owed_ += rest; }
  // The rest of a line that an earlier image of this process had begun. It ends the torn line that was found here.
  void inherit(std::string rest);
  std::string_view owed() const noexcept { return owed_; }
  // Something is owed, and nothing says yet that it will not be taken.
  bool may_pay() const noexcept { return !owed_.empty() && (state_ == State::taking || state_ == State::blocked); }
  // Ends a torn line. To be called before anything is written, by the thread that writes: in the middle of a write the
  // end of a file says nothing.
  void begin();
  bool is_same_file(const Sink& other) const noexcept;
  // The same path, opened anew. What was dropped here is told there; so is what is still owed here, which stays half.
  void go_over_to(Sink anew);
  // Offers one line of Sentry's own. False where it has to wait; otherwise it is written, owed or dropped.
  bool accept(std::string_view line);
  // Moves bytes from a pipe to the end of a raw file: splice(2), with its results. They never pass through here, and a
  // SIGKILL at any moment neither loses nor repeats one.
  ssize_t splice_from(int pipe, size_t most) noexcept;

  // To be called when a blocked or unread sink has become writable: writes what is owed. False: it takes no more yet.
  bool resume();
  // The moment from which a blocked sink counts as unread.
  Clock::time_point patience_ends() const noexcept { return stuck_since_ + patience; }
  // Once in each such second: resumes though nothing said that it would go through. Ctrl-C empties a full terminal, and
  // wakes nobody who waits for room in it (drivers/tty/n_tty.c, isig). False: it has been tried.
  bool last_try();
  void give_up() noexcept { state_ = State::unread; }
  void go_back_to(State before) noexcept { state_ = before; }
  void drop(int64_t lines) noexcept;
  // How many dropped lines the stream has been told of (or, raw, had before it went on) since the last call.
  int64_t take_told() noexcept { return std::exchange(told_, 0); }
  // How many it has not been told of.
  int64_t untold() const noexcept { return dropped_; }

 private:
  enum class Way { write, at_end, send, careful };
  static constexpr std::chrono::seconds patience{1};

  Sink(Fd fd, Way way) noexcept : fd_(std::move(fd)), way_(way) {}
  ssize_t write_once(std::string_view bytes) noexcept;
  size_t write_some(std::string_view bytes) noexcept;
  bool pay();
  bool confess();
  void took() noexcept;
  void refused(int error) noexcept;

  Fd fd_;
  Way way_;
  bool raw_ = false;
  size_t chunk_ = 0;  // the most that a careful write hands over
  State state_ = State::taking;
  bool stuck_ = false;  // EAGAIN, and no byte taken since
  bool tried_ = false;  // last_try()
  Clock::time_point stuck_since_{};
  std::string owed_;
  int64_t dropped_ = 0;
  int64_t told_ = 0;
  int error_ = 0;  // why lines were dropped; 0: nobody read them
};

}  // namespace sentry
