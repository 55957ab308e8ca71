// What a run speaks through goes over to the next image, and is kept by the keeper for as long as the run.
#include "../channels.h"

#include <signal.h>

#include <map>

#include "check.h"
#include "keeping.h"
#include "speaking.h"
#include "stranger.h"

using namespace speaking;
using keeping::by_label;
using keeping::Owner;
using keeping::Pipe;

namespace {

using Texts = std::vector<std::string>;

Request kept(RunId run, const std::string& name, const std::string& script) {
  Request asked = speaker(run, name, script);
  asked.ready_fd = 3;
  return asked;
}

bool readable(const Fd& fd) {
  pollfd one{fd.get(), POLLIN, 0};
  return poll(&one, 1, 0) == 1;
}

Fd bound(const std::string& name) {
  auto made = bind_notify(name);
  auto* socket = std::get_if<Fd>(&made);
  return socket ? std::move(*socket) : Fd();
}

const std::string kLabel = "mark.1 a:0";

}  // namespace

TEST("the next image hears on what comes meanwhile, and what it had not heard; a newline too") {
  CHECK(no_leaks([] {
    const std::string name = fresh_name();
    std::vector<Adopted> left;
    {
      Whole first;
      first->spawn(kept(1, name, "READY=1|!wait"));
      REQUIRE(first.await_said(1, "READY=1"));
      left = first->detach().processes;
    }
    REQUIRE(left.size() == 1);
    Adopted& process = left[0];
    CHECK(process.channels.notify_name == name && process.channels.notify && process.channels.ready);
    CHECK(say(name, "STATUS=meanwhile"));
    {
      Whole second;
      process.channels.notify_name.clear();  // as after a SIGKILL, where only the descriptor is there
      CHECK(second->adopt(std::move(process)));
      REQUIRE(second.await_said(1, "STATUS=meanwhile"));
      CHECK(say(name, "STATUS=later"));
      REQUIRE(second.await_said(1, "STATUS=later"));
      left = second->detach().processes;
      REQUIRE(left.size() == 1);
      CHECK(left[0].channels.notify_name == name);
    }
    Whole third;
    CHECK(third->adopt(std::move(left[0])));
    third.end(1);
    CHECK(until([&] { return send_notice("@" + name, "late") == ECONNREFUSED; }));
  }));
}

TEST("a newline that came meanwhile is told by the next image") {
  CHECK(no_leaks([] {
    std::vector<Adopted> left;
    {
      Whole first;
      Request asked = shell(1, "sleep 0.1; echo >&3; exec sleep 1000");
      asked.ready_fd = 3;
      first->spawn(std::move(asked));
      REQUIRE(first.facts.await<SpawnedFact>(1));
      left = first->detach().processes;
    }
    REQUIRE(left.size() == 1);
    REQUIRE(until([&] { return readable(left[0].channels.ready); }));
    Whole second;
    CHECK(second->adopt(std::move(left[0])));
    REQUIRE(second.facts.await<NewlineFact>(1));
    second.end(1);
  }));
}

TEST("a socket that was lost is bound again under its name; where that is taken the run goes on without") {
  CHECK(no_leaks([] {
    const std::string name = fresh_name(), taken = fresh_name();
    const Fd holder = bound(taken);
    std::vector<Adopted> left;
    {
      Whole first;
      for (RunId run : {1, 2}) first->spawn(kept(run, fresh_name(), "READY=1|!wait"));
      for (RunId run : {1, 2}) REQUIRE(first.await_said(run, "READY=1"));
      left = first->detach().processes;
    }
    Whole second;
    for (Adopted& process : left) {
      process.channels = {process.run == 1 ? name : taken, {}, {}};
      CHECK(second->adopt(std::move(process)));
    }
    CHECK(say(name, "STATUS=again"));
    REQUIRE(second.await_said(1, "STATUS=again"));
    left = second->detach().processes;
    for (const Adopted& process : left)
      CHECK(process.channels.notify_name == (process.run == 1 ? name : ""));
    Whole third;
    for (Adopted& process : left) CHECK(third->adopt(std::move(process)));
    third.end(1);
    third.end(2);
  }));
}

TEST("of a socket that was bound again, the user of the process is believed") {
  if (geteuid() != 0) SKIP("not root");
  CHECK(no_leaks([] {
    const std::string name = fresh_name();
    std::vector<Adopted> left;
    {
      Whole first;
      Request asked = kept(1, name, "READY=1|!wait");
      asked.user = "65534";
      first->spawn(std::move(asked));
      REQUIRE(first.await_said(1, "READY=1"));
      left = first->detach().processes;
    }
    left[0].channels.notify.reset();
    Whole second;
    CHECK(second->adopt(std::move(left[0])));
    CHECK(stranger::elsewhere([&] { return say(name, "foreign") ? 0 : 1; }, 65533) == 0);
    CHECK(stranger::elsewhere([&] { return say(name, "STATUS=again") ? 0 : 1; }, 65534) == 0);
    REQUIRE(second.await_said(1, "STATUS=again"));
    CHECK(second.said(1) == Texts({"STATUS=again"}));
    second.end(1);
  }));
}

TEST("the keeper has both before the child has, and lets go when the run is over, or does not come to be") {
  const keeping::Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  // Whoever asks has the keeper from then on.
  const auto held = [&] { return by_label(link.take(place.path())); };
  {
    const std::string name = fresh_name();
    Whole whole(link);
    whole->spawn(kept(1, name, "READY=1|!wait"));
    REQUIRE(whole.await_said(1, "READY=1"));
    CHECK(held().contains("notify " + kLabel) && held().contains("ready " + kLabel));
    whole.end(1);
    CHECK(until([&] { return send_notice("@" + name, "late") == ECONNREFUSED; }));
    whole.await_done();
    CHECK(held().empty());
    Request none = kept(1, fresh_name(), "");
    none.command = "/nonexistent";
    whole->spawn(std::move(none));
    REQUIRE(whole.facts.await<FaultFact>(1));
    CHECK(held().empty());
  }
}

TEST("after a SIGKILL the keeper has what was said, and what is said while nobody is there") {
  const keeping::Place place;
  const std::string name = fresh_name();
  stranger::Pipe there;
  const int pid = fork();
  if (pid == 0) {
    KeeperLink link;
    if (place.start(link)) _exit(1);
    Whole whole(link);
    whole->watch_keeper();
    whole->spawn(kept(1, name, "READY=1|!wait"));
    if (!whole.await_said(1, "READY=1")) _exit(2);
    const int process = whole.facts.await<SpawnedFact>(1)->pid;
    if (write(there.to.get(), &process, sizeof process) != sizeof process) _exit(3);
    for (;;) pause();
  }
  int process = 0;
  REQUIRE(read(there.from.get(), &process, sizeof process) == sizeof process);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  CHECK(say(name, "STATUS=alone"));

  KeeperLink link;
  auto held = by_label(link.take(place.path()));
  REQUIRE(held.contains("notify " + kLabel) && held.contains("ready " + kLabel));
  {
    Whole whole(link);
    Adopted adopted;
    adopted.run = 1;
    adopted.pid = process;
    adopted.pidfd = std::move(held["pid " + kLabel + " " + std::to_string(process)]);
    adopted.kept = kLabel;
    adopted.channels = {"", std::move(held["notify " + kLabel]), std::move(held["ready " + kLabel])};
    CHECK(whole->adopt(std::move(adopted)));
    REQUIRE(whole.await_said(1, "STATUS=alone"));
    CHECK(say(name, "STATUS=again"));
    REQUIRE(whole.await_said(1, "STATUS=again"));
    whole.end(1);
  }
}

TEST("neither keeps a keeper alive, nor awake") {
  const keeping::Place place;
  const std::string name = fresh_name();
  const Fd socket = bound(name);
  const Pipe pipe;
  {
    Owner owner(place, [&](KeeperLink& link) {
      link.hold("notify a", socket.get());
      link.hold("ready a", pipe.out.get());
      link.hold("out a", pipe.out.get());
    });
    REQUIRE(owner.done);
  }
  const int keeper = place.keeper();
  CHECK(keeper > 0 && keeping::sleeps(keeper));  // for the sake of the output
  CHECK(say(name, "READY=1") && keeping::print(pipe.in, "x"));
  CHECK(place.keeper() == keeper);
  const keeping::Place other;
  {
    Owner owner(other, [&](KeeperLink& link) {
      link.hold("notify a", socket.get());
      link.hold("ready a", pipe.out.get());
    });
    REQUIRE(owner.done);
  }
  CHECK(until([&] { return other.keeper() == 0; }));
}

TEST("a new keeper is given both") {
  const keeping::Place place, other;
  KeeperLink link;
  REQUIRE(!place.start(link));
  Whole whole(link);
  whole->watch_keeper();
  whole->spawn(kept(1, fresh_name(), "READY=1|!wait"));
  REQUIRE(whole.await_said(1, "READY=1"));
  REQUIRE(!whole->start_keeper(KEEPER, other.path()));
  whole.await_done();
  const auto held = by_label(link.take(other.path()));
  CHECK(held.contains("notify " + kLabel) && held.contains("ready " + kLabel));
  whole.end(1);
}
