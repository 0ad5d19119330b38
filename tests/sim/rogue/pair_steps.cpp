// The steps that a pair's stories are made of.
#include "dbagent/agent.h"
#include "tests/sim/rogue/rogue_pair.h"

namespace dure::sim {

Task<proto::ApplyReply> Pair::apply(Character& character, proto::Operation operation, Asking asking) {
  proto::ApplyRequest request = character.request();
  *request.add_operations() = operation;
  return ask<proto::ApplyReply>(talk, character.queue(), std::move(asking), std::move(request));
}

Task<void> Pair::passes(Character& character, proto::Operation operation) {
  const auto reply = co_await apply(character, operation, lawful("operation"));
  must(reply.saved_pseq() == operation.pseq(),
       "operation " + std::to_string(operation.pseq()) + " is saved as " + std::to_string(reply.saved_pseq()));
  character.used(operation);
}

Task<void> Pair::leg(Deal& deal, std::uint32_t side, proto::LegState becomes, std::string what) {
  Deal::Part& part = deal.parts[side];
  Character& who = *part.who;
  const proto::Operation operation = next_leg(deal, side);
  part.sent = true;
  const auto reply = co_await apply(who, operation, lawful(what));
  part.state = becomes;
  if (becomes == proto::LEG_HELD) who.hold(operation, part.goods);
  if (becomes == proto::LEG_ABORTED) who.used(operation, true);
  if (becomes == proto::LEG_COMMITTED) who.used(operation);
  must(reply.saved_pseq() == who.pseq,
       what + " is saved as " + std::to_string(reply.saved_pseq()) + " where it is " + std::to_string(who.pseq));
  const std::string is = outcome(deal, side).ShortDebugString();
  must(reply.legs_size() == 1 && reply.legs(0).ShortDebugString() == is,
       what + " is answered {" + reply.ShortDebugString() + "} where it is {" + is + "}");
}

Task<void> Pair::leg_held_and_back(Deal& deal, std::uint32_t side, std::string what) {
  Deal::Part& part = deal.parts[side];
  const proto::Operation operation = next_leg(deal, side);
  part.sent = true;
  const auto reply = co_await apply(*part.who, operation, lawful(what));
  part.who->hold(operation, part.goods);
  part.state = proto::LEG_HELD;
  decided(deal, proto::ABORT);
  const std::string is = outcome(deal, side).ShortDebugString();
  must(reply.saved_pseq() == operation.pseq() && reply.legs_size() == 1 && reply.legs(0).ShortDebugString() == is,
       what + " is answered {" + reply.ShortDebugString() + "} where it is {" + is + "}");
}

Task<void> Pair::leg_again(const Deal& deal, std::uint32_t side, std::string what) {
  const Deal::Part& part = deal.parts[side];
  const auto reply = co_await apply(*part.who, part.leg, lawful(what).repeated());
  const std::string is = outcome(deal, side).ShortDebugString();
  must(reply.saved_pseq() == part.who->pseq, what + " is saved as " + std::to_string(reply.saved_pseq()));
  must(reply.legs_size() == 1 && reply.legs(0).ShortDebugString() == is,
       what + " is answered {" + reply.ShortDebugString() + "} where it is {" + is + "}");
}

Task<void> Pair::leg_state(const Deal& deal, std::uint32_t side, std::string what) {
  proto::LegQuery query;
  query.set_shard(deal.parts[side].who->shard);
  query.set_player_id(deal.parts[side].who->id());
  *query.mutable_txn() = deal.terms.txn();
  const auto reply = co_await ask<proto::LegReply>(talk, deal.parts[side].who->queue(), lawful(what).repeated(), query);
  const std::string is = outcome(deal, side).ShortDebugString();
  must(reply.outcome().ShortDebugString() == is,
       what + " is {" + reply.outcome().ShortDebugString() + "} where it is {" + is + "}");
}

Task<void> Pair::fails(Character& character, proto::Operation operation, std::string what) {
  const auto reply = co_await apply(character, operation, lawful(what).answered(proto::REJECTED));
  must(reply.saved_pseq() == character.pseq, what + " is saved as " + std::to_string(reply.saved_pseq()));
  must(reply.legs_size() == 0, what + " has an outcome");
  character.fenced();
}

Task<void> Pair::verdict(const Deal& deal, proto::Verdict is, std::string what) {
  proto::TradeVerdictQuery query;
  query.set_shard(deal.terms.register_shard());
  *query.mutable_txn() = deal.terms.txn();
  const auto reply =
      co_await ask<proto::TradeVerdict>(talk, Agent::shard_queue(query.shard()), lawful(what).repeated(), query);
  must(reply.verdict() == is, what + ": the register says " + proto::Verdict_Name(reply.verdict()) + " where it is " +
                                  proto::Verdict_Name(is));
}

Task<void> Pair::end(Deal& deal) {
  proto::TradeVerdictQuery query;
  query.set_shard(deal.terms.register_shard());
  *query.mutable_txn() = deal.terms.txn();
  query.set_abort_if_undecided(true);
  const auto verdict =
      co_await ask<proto::TradeVerdict>(talk, Agent::shard_queue(query.shard()), lawful("decide"), query);
  must(verdict.verdict() != proto::UNDECIDED, "nobody can abort it");
  if (sure) decided(deal, verdict.verdict());
  for (const std::uint32_t side : kSides)
    if (deal.parts[side].who != nullptr && deal.parts[side].sent) co_await finish(deal, side, verdict);
}

// As an agent does that has heard the verdict; whose leg is not held has nothing to finish.
Task<void> Pair::finish(Deal& deal, std::uint32_t side, proto::TradeVerdict verdict) {
  const Deal::Part& part = deal.parts[side];
  if (sure && part.settle_seq == 0) co_return;
  proto::TradeFinish request;
  request.set_shard(part.who->shard);
  *request.mutable_txn() = deal.terms.txn();
  request.set_side(side);
  request.set_verdict(verdict.verdict());
  for (const auto& goods : verdict.goods())
    if (verdict.verdict() == proto::COMMIT && goods.side() != side) {
      *request.mutable_items() = goods.items();
      request.set_other_shard(goods.shard());
    }
  const int not_held = sure ? proto::STORED : proto::NO_SUCH;
  const auto reply =
      co_await ask<proto::TradeFinishReply>(talk, part.who->queue(), lawful("finish").or_answered(not_held), request);
  const std::string is = outcome(deal, side).ShortDebugString();
  if (sure)
    must(reply.outcome().ShortDebugString() == is,
         "it is finished as {" + reply.outcome().ShortDebugString() + "} where it is {" + is + "}");
}

}  // namespace dure::sim
