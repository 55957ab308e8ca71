#include "output.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "label.h"

namespace sentry {

namespace {
constexpr int nicer = 10;  // than the rest of Sentry, up to 19
}

Output::Output(Post post, Orders& orders, KeeperLink keeper)
    : post_(std::move(post)), orders_(orders), keeper_(std::move(keeper)) {
  tzset();  // localtime_r(3) need not do it
  sigset_t sigio;
  sigemptyset(&sigio);
  sigaddset(&sigio, SIGIO);
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) {
    fault_ = Fault{"epoll_create1", errno, "output"};
  } else if (sigio_.reset(signalfd(-1, &sigio, SFD_CLOEXEC | SFD_NONBLOCK)); !sigio_) {
    fault_ = Fault{"signalfd", errno, "output"};
  } else if (!scratch_.open()) {
    fault_ = Fault{"pipe2", errno, "output"};
  } else if (!subscribe(orders_.descriptor(), EPOLLIN, orders_token) ||
             !subscribe(sigio_.get(), EPOLLIN, sigio_token)) {
    fault_ = Fault{"epoll_ctl", errno, "output"};
  }
}

Output::~Output() {
  for (auto& [number, outlet] : outlets_) give_up(number, outlet);
}

Output::Left Output::leave() {
  Left left;
  for (auto& [token, source] : sources_) left.intakes.push_back(source.leave());
  sources_.clear();
  for (auto& [number, outlet] : outlets_) {
    if (outlet.next) go_over(outlet);  // what is owed to a file is not for the one that has its path by now
    give_up(number, outlet);
    if (std::string owed = outlet.sink.bequest(); !owed.empty()) left.owed.push_back({number, std::move(owed)});
  }
  outlets_.clear();
  branches_.clear();
  return left;
}

void Output::run() {
  prctl(PR_SET_NAME, "sentry-output");
  // Of this thread alone (sched(7)): where processes print as fast as they can, those who wait for an exit go first.
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nicer);
  thread_ = static_cast<int>(syscall(SYS_gettid));
  for (;;) {
    wait();
    gather();
    if (!obey()) return;
    serve();
  }
}

// Sleeping.

void Output::wait() {
  const int patience = ready_.empty() ? patience_left() : 0;
  if (patience < 0) scratch_.shrink();
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience);
  for (int i = 0; i < count; ++i) note(events[static_cast<size_t>(i)]);
  look_after_stuck();
}

void Output::note(const epoll_event& event) {
  const Token token = event.data.u64;
  if (token == sigio_token) {
    signalfd_siginfo one;
    while (read(sigio_.get(), &one, sizeof one) > 0) {}
    for (const Token token : partly_) {
      if (sources_.at(token).has_news()) ready_.insert(token);
    }
  } else if (token % 4 == sink_token(0)) {
    Outlet& outlet = outlet_of(static_cast<int>(token / 4));
    outlet.sink.resume();
    settle(static_cast<int>(token / 4), outlet);
  } else if (const auto found = sources_.find(token); found != sources_.end()) {
    if (event.events & EPOLLHUP) found->second.hang_up();
    if (found->second.has_news()) ready_.insert(token);
  }
}

// Waits for more to read; less long where a pipe fills up meanwhile, as whoever prints there would soon have to wait.
void Output::gather() {
  const auto filling = [this] {
    return std::any_of(ready_.begin(), ready_.end(), [this](Token token) { return sources_.at(token).half_full(); });
  };
  if (ready_.empty() || filling()) return;
  pollfd asked{orders_.descriptor(), POLLIN, 0};
  const timespec pause{0, gathering_.count()};
  if (ppoll(&asked, 1, &pause, nullptr) > 0) return;
  gathering_ = filling() ? std::max(gathering_ / 2, longest_gathering / 8) : std::min(gathering_ * 2, longest_gathering);
}

// Orders.

bool Output::obey() {
  for (Order& order : orders_.take()) {
    if (std::holds_alternative<Ending>(order)) return false;
    std::visit([this](auto& asked) { perform(asked); }, order);
  }
  return true;
}

void Output::perform(Opening& opening) {
  Outlet& outlet = outlets_.insert_or_assign(opening.number, Outlet(std::move(opening.sink))).first->second;
  outlet.sink.begin();
  outlet.echo = outlet_number(opening.echo);
}

// A file that nobody has moved away goes on, with what it owes, and so does one that was rotated since: its path has been
// opened anew. But a FIFO that has lost its reader may have a new one.
void Output::perform(Reopening& reopening) {
  Outlet& outlet = outlet_of(reopening.number);
  outlet.next.reset();
  if (outlet.sink.is_followed_by(reopening.sink) || outlet.sink.state() == Sink::State::dead) {
    outlet.next.emplace(std::move(reopening.sink));
  }
  outlet.sink.resume();
  settle(reopening.number, outlet);
}

void Output::perform(Packing& packing) {
  outlet_of(packing.number).sink.pack(packing.original, packing.packed);
  post_(PackedFact{packing.number});
}

void Output::perform(Tailing& tailing) {
  branches_.insert_or_assign(tailing.number, Branch{outlet_number(tailing.to), std::move(tailing.tail)});
}

void Output::perform(Intake& intake) {
  const Token token = source_token(intake.run, intake.stream);
  const bool open = std::exchange(intake.open, false);
  sources_.insert_or_assign(token, Source(std::move(intake), thread_));
  if (open) open_source(token);
}

void Output::perform(Owing& owing) {
  const int number = outlet_number(owing.sink);
  Outlet& outlet = outlet_of(number);
  outlet.sink.inherit(std::move(owing.text));
  outlet.sink.resume();
  settle(number, outlet);
}

void Output::perform(Holding&) {
  for (const auto& [token, source] : sources_) {
    if (!source.from().kept.empty()) keeper_.hold(source.from().keeper_label(), source.descriptor());
  }
}

void Output::perform(Line& line) {
  if (line.opens != 0) open_run(line.opens);
  if (line.closes != 0) close_run(line.closes);
  const auto text = [&line](const std::string& colour) {
    std::string start = line.label ? line_start(line.wall_us / 1'000'000, *line.label, colour) : "";
    return start.append(line.text) += '\n';
  };
  const int number = outlet_number(line.sink);
  if (line.closes != 0) drain_elsewhere(line.closes, number);
  Outlet& outlet = outlet_of(number);
  std::string plain = tail_of(line.sink) ? text("") : "";
  outlet.waiting.push_back({text(line.colour), line.closes, nullptr, line.sink, std::move(plain)});
  outlet.waiting_bytes += outlet.waiting.back().bytes();
  outlet.closing += line.closes != 0;
  settle(number, outlet);
}

void Output::perform(Seeing& seeing) {
  const Token token = source_token(seeing.run, seeing.stream);
  const auto found = sources_.find(token);
  if (found != sources_.end() && found->second.see()) ready_.insert(token);
}

void Output::perform(Hushing& hushing) {
  for (const Token token : source_tokens(hushing.run)) {
    const auto found = sources_.find(token);
    if (found != sources_.end() && found->second.hush()) ready_.insert(token);
  }
}

void Output::perform(Flushing& flushing) {
  const Flush flush(nullptr, [this, token = flushing.token](void*) { post_(FlushedFact{token}); });
  for (auto& [number, outlet] : outlets_) {
    const Sink::State state = outlet.sink.state();
    if (state == Sink::State::unread || state == Sink::State::failing) try_once_more(number, outlet);
    if (outlet.sink.state() == Sink::State::blocked) outlet.waiting.push_back({"", 0, flush, number, ""});
  }
}

void Output::open_run(RunId run) {
  for (const Token token : source_tokens(run)) open_source(token);
}

void Output::open_source(Token token) {
  const auto found = sources_.find(token);
  if (found == sources_.end() || found->second.from().open) return;
  // What is in the pipe by now is reported too: an edge is counted from nothing.
  subscribe(found->second.descriptor(), EPOLLIN | EPOLLET, token);
  found->second.open();
}

void Output::close_run(RunId run) {
  open_run(run);
  for (const Token token : source_tokens(run)) {
    const auto found = sources_.find(token);
    if (found == sources_.end()) continue;
    found->second.hush();  // the run is over, and nobody is waited for any more
    found->second.mark();
    ready_.insert(token);
  }
}

bool Output::subscribe(int fd, uint32_t events, Token token) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

// Before each close: a child between clone and exec holds a copy of the descriptor, and epoll would go on reporting it.
void Output::unsubscribe(int fd) noexcept { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

}  // namespace sentry
