// Client requests: player 0's client wants something, numbers it, resends it, and believes what it is told. An owner
// answers from its memory of this epoch, from the row's last request, or says that it will not look back.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

constexpr int kPlayer = 0;

enum class Reply : u8 { kWait, kExecute, kDone, kRefused, kAborted, kSuperseded, kConflict };

bool waiting(const Client& client, int wish) {
  for (int r = 1; r < kRequests; ++r)
    if (client.open[r] == wish + 1) return true;
  return false;
}

void wish_for(Step& step, int wish) {
  const Client& client = step.now.client;
  if (client.told[wish] || client.next > step.world.requests || waiting(client, wish)) return;
  State next = step.now;
  const int r = next.client.next++;
  next.client.open[r] = static_cast<u8>(wish + 1);
  next.client.frames[r][client.route] |= 1u << wish;
  step.emit(next, Fair::kNo, {"client sends request, wish", -1, r, wish});
}

void resend(Step& step, int r) {
  const Client& client = step.now.client;
  if (client.open[r] == 0 || client.frames[r][client.route] >> (client.open[r] - 1) & 1) return;
  State next = step.now;
  next.client.frames[r][client.route] |= 1u << (client.open[r] - 1);
  step.emit(next, Fair::kYes, {"client resends request", -1, r, client.route});
}

// A new owner switches the route itself, once it has loaded.
void switch_route(Step& step, int process) {
  const Owner& owner = step.now.owner[kPlayer][process];
  if (owner.phase != Phase::kHolding || owner.epoch <= step.now.client.route) return;
  State next = step.now;
  next.client.route = owner.epoch;
  step.emit(next, Fair::kYes, {"route switched to epoch", kPlayer, owner.epoch});
}

// A new session without memory: the frames of the old one are dropped, numbers go on from the row's.
void restart(Step& step) {
  const Row* row = active_row(step.now, kPlayer);
  if (row == nullptr || step.now.client.restarts >= step.world.restarts || step.now.client.next == 1) return;
  State next = step.now;
  Client& client = next.client;
  ++client.restarts;
  for (int r = 1; r < kRequests; ++r) {
    if (client.open[r] != 0) client.told[client.open[r] - 1] = 2;
    client.open[r] = next.never[r] = next.frozen[r] = 0;
    for (u8& frames : client.frames[r]) frames = 0;
  }
  client.next = static_cast<u8>(row->last_creq + 1);
  step.emit(next, Fair::kNo, {"client starts anew", -1, client.next});
}

Reply stored(Result result, bool saved) {
  switch (result) {
    case Result::kDone:
      return saved ? Reply::kDone : Reply::kWait;
    case Result::kAborted:
      return Reply::kAborted;
    case Result::kRefused:
      return Reply::kRefused;
    case Result::kHeld:
    case Result::kNone:
      return Reply::kWait;
  }
  return Reply::kWait;
}

Reply reply_to(const Step& step, const Owner& owner, int r, int wish) {
  const Requests& memory = owner.requests;
  if (memory.result[r] != Result::kNone) {
    if (!step.rule(Rule::kContentCompared, memory.content[r] == wish + 1)) return Reply::kConflict;
    return stored(memory.result[r], owner.saved >= memory.pseq[r]);
  }
  if (r <= memory.loaded && step.removed(Rule::kOverlookedIsNotDone)) return Reply::kDone;
  if (r == memory.loaded) {
    if (!step.rule(Rule::kContentCompared, memory.loaded_content == wish + 1)) return Reply::kConflict;
    return stored(memory.loaded_result, true);
  }
  return r < memory.greatest ? Reply::kSuperseded : Reply::kExecute;
}

void execute(Step& step, int process, int r, int wish) {
  State next = step.now;
  Requests& memory = next.owner[kPlayer][process].requests;
  memory.greatest = static_cast<u8>(r);
  memory.content[r] = static_cast<u8>(wish + 1);
  State refused = next;
  refused.owner[kPlayer][process].requests.result[r] = Result::kRefused;
  Operation operation{};
  operation.kind = step.world.wishes[wish];
  operation.creq = static_cast<u8>(r);
  operation.content = static_cast<u8>(wish + 1);
  memory.pseq[r] = next.owner[kPlayer][process].next_pseq;
  memory.result[r] = operation.kind == Kind::kLeg ? Result::kHeld : Result::kDone;
  if (may_propose(step, kPlayer, process) && apply_in_memory(step, next, kPlayer, process, operation)) {
    step.emit(next, Fair::kYes,
              {process == 0 ? "process 0 APPLIES request, wish" : "process 1 APPLIES request, wish", -1, r, wish});
    if (step.now.refusals >= step.world.refusals) return;
    ++refused.refusals;
    step.emit(refused, Fair::kNo, {"owner REFUSES request, wish", -1, r, wish});
  } else {
    step.emit(refused, Fair::kYes, {"owner cannot, REFUSES request, wish", -1, r, wish});
  }
}

void tell(Step& step, const Owner& owner, Reply reply, int r, int wish) {
  if (!step.rule(Rule::kRouteOfThisEpoch, owner.epoch == step.now.client.route)) return;  // the gateway drops it
  if (step.now.client.open[r] != wish + 1) return;                                        // it no longer waits
  State next = step.now;
  next.client.open[r] = 0;
  if (reply == Reply::kDone) {
    next.client.told[wish] = 1;
    if (next.happened[wish] == 0) violate(next, Law::kToldTruth);
  } else if (reply == Reply::kSuperseded) {
    next.frozen[r] |= 1u << wish;
    next.client.told[wish] = step.removed(Rule::kSupersededNotRetried) ? 0 : 2;
  } else {
    next.never[r] |= 1u << wish;
    if (next.took[r][wish] != 0) violate(next, Law::kToldTruth);
  }
  static const char* const kWords[] = {"", "", "DONE", "REFUSED", "ABORTED", "SUPERSEDED", "CONFLICT"};
  step.emit(next, Fair::kYes, {kWords[static_cast<int>(reply)], -1, r, wish});
}

void handle(Step& step, int process) {
  const Owner& owner = step.now.owner[kPlayer][process];
  if (owner.phase != Phase::kHolding) return;
  for (int r = 1; r <= step.world.requests; ++r)
    for (int epoch = 0; epoch < step.world.epochs; ++epoch)
      for (int wish = 0; wish < kWishes; ++wish) {
        if (!(step.now.client.frames[r][epoch] >> wish & 1)) continue;
        if (!step.rule(Rule::kFramesOfThisEpoch, epoch == owner.epoch)) continue;
        const Reply reply = reply_to(step, owner, r, wish);
        if (reply == Reply::kExecute)
          execute(step, process, r, wish);
        else if (reply != Reply::kWait)
          tell(step, owner, reply, r, wish);
      }
}

}  // namespace

void requests(Step& step) {
  if (step.world.requests == 0) return;
  for (int wish = 0; wish < kWishes; ++wish)
    if (step.world.wishes[wish] != Kind::kNone) wish_for(step, wish);
  for (int r = 1; r <= step.world.requests; ++r) resend(step, r);
  restart(step);
  for (int process = 0; process < kProcesses; ++process) {
    switch_route(step, process);
    handle(step, process);
  }
}

}  // namespace dure::model
