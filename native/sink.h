// A place for output (place.h), in what state it is, and what it is still to be given.
//
// A sink that takes nothing more is blocked, and what is not written yet stays in the pipes of those who printed it.
// After a second without a byte taken it counts as unread: then lines are dropped here, and counted, so that no child is
// held up by a terminal with Ctrl-S.
//
// One that the machine refuses to write to (ENOSPC) is failing. There too all stays in the pipes, but nothing says when
// there will be room: it is tried once a second, and lines are dropped only from pipes that are full (source.h).
//
// A line that was half taken is owed. What is owed, and then word of what was dropped, goes before anything else, so that
// lines stay whole, and a gap is marked where it is; but a raw file holds what was printed, and no word of ours.
//
// A file may end in half a line that nobody owes: a SIGKILL can end a write between two pages. What came after it is
// repeated, and must not stick to the torn line, so that a newline is owed first. In a raw file nothing is repeated: the
// rest of the line is what comes next.
//
// A file has bounds, and whatever is written to it begins with room_for(): that is where it is rotated (bounds.h).
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "batch.h"
#include "bounds.h"
#include "format.h"
#include "log_file.h"
#include "place.h"

namespace sentry {

class Sink {
 public:
  using Clock = std::chrono::steady_clock;
  enum class State {
    taking,   // as far as we know, the next write goes through
    blocked,  // EAGAIN: its reader is slow
    unread,   // blocked for so long that lines are dropped
    failing,  // the machine refuses, and may do better in a second
    dead,     // nobody will ever read it: all is discarded in silence
  };

  // A descriptor that this process was given. One that is closed makes a dead sink.
  static Sink terminal(int fd, Format format = Format::shown);
  static std::variant<Sink, Fault> file(const LogFile& file);

  State state() const noexcept { return state_; }
  // What it is offered waits.
  bool stuck() const noexcept { return state_ == State::blocked || state_ == State::failing; }
  // What it is offered is gone.
  bool discards() const noexcept { return state_ == State::unread || state_ == State::dead; }
  Format format() const noexcept { return format_; }
  int descriptor() const noexcept { return place_.descriptor(); }
  bool has_bounds() const noexcept { return bounds_.has_value(); }
  // Bytes get there by splice_from() alone.
  bool splices() const noexcept { return format_ == Format::raw && place_.splices() && !discards(); }

  // How many bytes of whole lines it may be offered, the first of which has so many: at least those.
  size_t room_for(size_t first_line);
  // Writes what is taken at once, and returns how many of these bytes that was. Where it was not all, state() says why.
  size_t offer(std::string_view bytes);
  // Offers lines that wait for nobody but this sink, for they have left their pipe: what is not taken is owed. Of one that
  // is not just blocked they are dropped.
  void show(const Batch& lines);
  // As offer(), with so many bytes of a pipe, which have left it then.
  size_t splice_from(int pipe, size_t count);
  // It has been given the beginning of a line, and not the end.
  bool is_torn() const { return owed_.empty() && place_.ends_in_half_a_line(); }
  // The rest of a line of which a part was taken.
  void owe(std::string_view rest) { owed_ += rest; }
  // What an earlier image of this process owed. It ends the torn line that was found here.
  void inherit(std::string rest);
  std::string_view owed() const noexcept { return owed_; }
  // What the next image of this process owes: with word of what was dropped here.
  std::string bequest() const { return state_ == State::dead ? "" : owed_ + word(); }
  // Something is owed, and nothing says yet that it will not be taken.
  bool may_pay() const noexcept { return !owed_.empty() && (state_ == State::taking || state_ == State::blocked); }
  // Ends a torn line. To be called before anything is written, by the thread that writes: in the middle of a write the
  // end of a file says nothing.
  void begin();
  // Its path is that of the other one by now.
  bool is_followed_by(const Sink& anew) const noexcept;
  // The same path, opened anew. What was dropped here is told there; so is what is still owed here, which stays half.
  void go_over_to(Sink anew);
  // Offers one line of Sentry's own. False where it has to wait; otherwise it is written, owed or dropped.
  bool accept(std::string_view line);
  // A rotated file has been compressed. One that is still written to, for its path could not be opened anew, stays.
  void pack(const Fd& original, const std::string& packed) const;
  std::vector<std::optional<Fault>> take_rotations();

  // To be called when it may be writable again: writes what is owed. False: it takes no more yet.
  bool resume();
  // When one that takes nothing is to be looked at again: then a blocked one counts as unread, a failing one is tried, and
  // what an unread one has dropped is told of.
  Clock::time_point next_look() const noexcept { return state_ == State::unread ? next_telling() : stuck_since_ + patience; }
  bool is_due() const noexcept { return Clock::now() >= next_look(); }
  // Once in each such second: resumes though nothing said that it would go through. Ctrl-C empties a full terminal, and
  // wakes nobody who waits for room in it (drivers/tty/n_tty.c, isig). False: it has been tried.
  bool last_try();
  void give_up() noexcept { state_ = State::unread; }
  void go_back_to(State before) noexcept { state_ = before; }
  void drop(int64_t lines) noexcept;
  // How many dropped lines are to be told of now. Of an unread or a failing sink they are told of at once, and then at
  // intervals that grow up to a minute: a terminal can be unread for weeks, and the history has an end. Of any sink, when
  // the stream is told.
  int64_t take_lost() noexcept;
  // How many nobody has been told of.
  int64_t untold() const noexcept { return dropped_ - posted_; }

 private:
  static constexpr std::chrono::seconds patience{1}, longest_pause{60};

  Sink(Place place, Format format) noexcept : place_(std::move(place)), format_(format) {}
  Clock::time_point next_telling() const noexcept { return posted_at_ + pause_; }
  size_t room() const;
  void turn_over();
  size_t write_some(std::string_view bytes) noexcept;
  bool pay();
  bool confess();
  std::string word() const;
  void took() noexcept;
  void refused(int error) noexcept;

  Place place_;
  Format format_;
  std::optional<Bounds> bounds_;
  State state_ = State::taking;
  bool stuck_ = false;  // EAGAIN, and no byte taken since
  bool tried_ = false;  // last_try()
  bool failed_ = false;  // the machine refused, and no byte taken since
  Clock::time_point stuck_since_{}, posted_at_{};
  std::chrono::seconds pause_ = patience;  // from the last time that it was told of dropped lines to the next
  std::string owed_;
  int64_t dropped_ = 0;  // of which the stream has no word
  int64_t posted_ = 0;   // of these, those that were told of
  int64_t lost_ = 0;     // to be told of
  int error_ = 0;        // why lines were dropped; 0: nobody read them
};

}  // namespace sentry
