// A moment of the wall clock comes once, and until then nobody is woken.
#include "../alarm.h"

#include <poll.h>
#include <time.h>

#include "check.h"
#include "speaking.h"

using namespace speaking;

namespace {

constexpr int64_t kHourUs = 3600 * int64_t{1'000'000};

bool readable(const Alarm& alarm, int wait_ms) {
  pollfd one{alarm.fd(), POLLIN, 0};
  return poll(&one, 1, wait_ms) == 1;
}

// The clock is set, to what it says itself.
bool set_clock() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return clock_settime(CLOCK_REALTIME, &time) == 0;
}

}  // namespace

TEST("it comes once, at its moment or at once where that is past, and the last one counts") {
  Alarm alarm;
  REQUIRE(alarm);
  const int64_t start_us = now().wall_us;
  CHECK(!alarm.set(start_us + 50'000));
  CHECK(readable(alarm, 10'000) && now().wall_us >= start_us + 50'000);
  CHECK(alarm.has_come() && !alarm.has_come() && !readable(alarm, 0));
  for (const int64_t past : {start_us, int64_t{1}, int64_t{0}, int64_t{-5}}) {
    CHECK(!alarm.set(past));
    CHECK(readable(alarm, 10'000) && alarm.has_come());
  }
  CHECK(!alarm.set(start_us));
  CHECK(!alarm.set(now().wall_us + kHourUs) && !readable(alarm, 50) && !alarm.has_come());
  CHECK(!alarm.set(start_us));
  CHECK(!alarm.set(std::nullopt) && !readable(alarm, 50) && !alarm.has_come());
}

TEST("it comes as well when the clock is set") {
  Alarm alarm;
  CHECK(!alarm.set(now().wall_us + kHourUs));
  if (!set_clock()) SKIP("the clock may not be set");
  CHECK(readable(alarm, 10'000) && alarm.has_come() && !readable(alarm, 50));
  // Also where another one takes its place before anybody was told.
  CHECK(!alarm.set(now().wall_us + kHourUs));
  set_clock();
  CHECK(alarm.set(now().wall_us + kHourUs) && !readable(alarm, 50));
}

TEST("the threads tell it once; one that is set and not there yet wakes nobody") {
  CHECK(no_leaks([] {
    Whole whole;
    whole->set_alarm(now().wall_us + 20'000);
    REQUIRE(whole.facts.await_count<AlarmFact>(1));
    whole->set_alarm(now().wall_us + kHourUs);
    CHECK(all_sleep());
    whole->set_alarm(std::nullopt);
    CHECK(all_sleep());
    CHECK(whole.facts.count<AlarmFact>() == 1);
    whole->set_alarm(0);
    CHECK(whole.facts.await_count<AlarmFact>(2));
  }));
}
