// The output thread's own world; nothing here is touched by another thread once run() has begun.
//
// It sleeps in epoll_wait until something is asked, a pipe has news, or a blocked sink can be written to. Then it waits
// for up to half a millisecond more before it reads, unless a pipe is filling up or something is asked: so a program
// that prints a line at a time is read in batches, for a small part of the CPU time, and what is gathered stays
// in the pipe meanwhile, where it is safe.
//
// Each ready pipe then gets one turn, of at most what it holds, so that one that never stops printing holds up no other.
//
// What entries print into one terminal has a sink number for each entry, a branch: it leads to the terminal's outlet, and
// what leaves a pipe or the queue there, written or dropped, is kept in the entry's tail (tail.h).
//
// Where somebody waits for a line of a run, a pipe's turn is either to tell its next lines, or to write those that were
// seen (telling.h). The order that says so makes it ready. A process's end is seen by another thread, so what it has printed
// last may be told after its exit; after the line that closes it, nothing is.
//
// Of a sink that is blocked or failing the pipes stay unread, and the transcript's lines wait here in order, up to 64 KiB.
// No timer runs but for such a sink that something waits for, and, of one that is unread, until what was dropped has been
// told.
//
// A file may have an echo, a terminal that shows what the file has got. While that is blocked the file's pipes wait too,
// for a second at most. A line there that closes a run comes after what the run's files have echoed; but a file that takes
// nothing holds up no line of the terminal's own.
#pragma once
#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "fact.h"
#include "fault.h"
#include "fd.h"
#include "intake.h"
#include "keeper_link.h"
#include "orders.h"
#include "sink.h"
#include "source.h"
#include "tail.h"

namespace sentry {

class Output {
 public:
  struct Left {
    std::vector<Intake> intakes;
    std::vector<Owing> owed;
  };

  Output(Post post, Orders& orders, KeeperLink keeper);
  ~Output();
  const std::optional<Fault>& fault() const noexcept { return fault_; }
  void run();
  // After run() has come back: all that this thread had. Lines of Sentry's own that still waited are lost, and told of.
  Left leave();

 private:
  // Names what epoll watches, by number: an event that is read late must not be a dangling pointer. A run has two
  // sources, 4 * run and 4 * run + 1; a sink is 4 * number + 2.
  using Token = uint64_t;
  static constexpr Token orders_token = 3, sigio_token = 7;
  static constexpr Token sink_token(int number) noexcept { return 4 * static_cast<Token>(number) + 2; }
  static constexpr Token source_token(RunId run, int stream) noexcept {
    return 4 * static_cast<Token>(run) + static_cast<Token>(stream);
  }
  static constexpr std::array<Token, 2> source_tokens(RunId run) noexcept {
    return {source_token(run, 0), source_token(run, 1)};
  }

  static constexpr std::chrono::nanoseconds longest_gathering{500'000};
  static constexpr size_t most_closing = 64;  // runs that have ended, and keep their pipes until one sink has taken them

  // A flush is done when nothing that came before it holds it any longer.
  using Flush = std::shared_ptr<void>;

  // A line, or (with no text) a flush, in the queue of its outlet.
  struct Waiting {
    std::string text;
    RunId closes;
    Flush flush;
    int sink = 0;       // where it was said
    std::string plain;  // for its tail; empty where there is none
    size_t bytes() const noexcept { return text.size() + plain.size(); }
  };

  struct Outlet {
    explicit Outlet(Sink to) noexcept : sink(std::move(to)) {}
    Sink sink;
    std::deque<Waiting> waiting;
    size_t waiting_bytes = 0;
    size_t closing = 0;  // lines among them that close a run
    std::set<Token> held;  // sources that go on when the sink does
    bool watched = false;  // for EPOLLOUT
    std::optional<Sink> next;  // the same path, opened anew
    int echo = 0;  // the outlet that shows the same lines; 0: none
    // Something waits until the sink takes it, or until somebody is told that it was dropped.
    bool needs_a_look() const noexcept {
      switch (sink.state()) {
        case Sink::State::blocked: return true;
        case Sink::State::failing: return !held.empty() || !waiting.empty() || !sink.owed().empty() || sink.untold() > 0;
        case Sink::State::unread: return sink.untold() > 0;
        default: return false;
      }
    }
  };

  // A sink that leads to an outlet of another number.
  struct Branch {
    int to;
    Tail tail;
  };

  // The loop: output.cc.
  void wait();
  void note(const epoll_event& event);
  void gather();
  bool obey();
  void perform(Opening& opening);
  void perform(Reopening& reopening);
  void perform(Packing& packing);
  void perform(Tailing& tailing);
  void perform(Intake& intake);
  void perform(Owing& owing);
  void perform(Line& line);
  void perform(Seeing& seeing);
  void perform(Hushing& hushing);
  void perform(Flushing& flushing);
  void perform(Holding&);
  void perform(Ending&) {}
  void open_run(RunId run);
  void open_source(Token token);
  void close_run(RunId run);
  bool subscribe(int fd, uint32_t events, Token token) noexcept;
  void unsubscribe(int fd) noexcept;

  // From sources to sinks: outlet.cc; sinks that take nothing: stuck.cc.
  Outlet& outlet_of(int number);
  int outlet_number(int sink) const noexcept;
  Tail* tail_of(int sink) noexcept;
  Outlet* echo_of(const Outlet& outlet) noexcept;
  void serve();
  bool must_wait(Token token, const Source& source, Outlet& outlet);
  Turn take_turn(Token token, Source& source, Outlet& outlet);
  Turn tell(Source& source);
  void end(Token token, Source& source, Outlet& outlet);
  void settle(int number, Outlet& outlet);
  void report(int number, Sink& sink);
  bool drain(RunId run, int number, Outlet& outlet);
  bool drain_source(Token token, int number, Outlet& outlet);
  void drain_elsewhere(RunId run, int number);
  void count_closing(Outlet& outlet) const noexcept;
  void drop_first(int number, Outlet& outlet);
  void remove_first(Outlet& outlet);
  void go_over(Outlet& outlet);
  void bound_closed(int number, Outlet& outlet);
  void discard(RunId run, int number, Outlet& outlet);
  void look_after_stuck();
  void try_once_more(int number, Outlet& outlet);
  int patience_left() const;
  void watch(int number, Outlet& outlet);
  void give_up(int number, Outlet& outlet);

  Post post_;
  Orders& orders_;
  KeeperLink keeper_;
  std::optional<Fault> fault_;
  Fd epoll_, sigio_;
  Scratch scratch_;
  std::map<int, Outlet> outlets_;
  std::map<int, Branch> branches_;
  std::unordered_map<Token, Source> sources_;
  std::set<Token> ready_;
  std::set<Token> partly_;  // sources in whose pipe something was left: SIGIO may be about any of them
  std::chrono::nanoseconds gathering_ = longest_gathering;
  int thread_ = 0;
};

}  // namespace sentry
