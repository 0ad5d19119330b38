#include "common/logic/journal.h"

#include <gtest/gtest.h>

#include "common/base/bytes.h"
#include "common/base/hash.h"
#include "common/logic/crossing_codec.h"

namespace dure {
namespace {

// One of each, no field at its default.
std::vector<Inbound> one_of_each() {
  const TopicKey topic{TopicKind::kCell, 1, 1, 2, 3, 4, -5, 6};
  return {ClientOpened{ClientId(1), "127.0.0.1:9"},
          ClientFrameIn{ClientId(2), 3, 4, std::string("b\0dy", 4), MonoTime(Duration(5))},
          ClientClosed{ClientId(6), "gone"},
          BusUp{NodeId(Role::kChat, 1)},
          BusDown{NodeId(Role::kGeneral, 2)},
          BusMessage{Bytes("message"), MonoTime(Duration(-7))},
          WorkDone{8, Bytes("reply")},
          PeerFound{NodeId(Role::kGateway, 3), "gateway-3", "tcp://127.0.0.1:1"},
          GmCommandIn{Bytes("command"), "channel"},
          StopRequested{true},
          SessionTaken{SessionId(9), true, 10, {Bytes("x"), Bytes()}, {topic}, {MonoTime(Duration(11))}},
          TopicGapped{ClientId(11), SessionId(12), topic},
          ClientFigures{13, {{"frames", 14}, {"", 15}}}};
}

std::string encoded(const Inbound& inbound) {
  std::string bytes;
  encode(inbound, &bytes);
  return bytes;
}

TEST(CrossingCodec, EveryInputComesBackAsItWas) {
  const auto inputs = one_of_each();
  ASSERT_EQ(inputs.size(), std::variant_size_v<Inbound>);
  for (std::size_t kind = 0; kind < inputs.size(); ++kind) {
    ASSERT_EQ(inputs[kind].index(), kind);
    const std::string bytes = encoded(inputs[kind]);
    std::string_view rest = bytes;
    const auto back = decode_inbound(&rest);
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(encoded(*back), bytes) << kind;
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      std::string_view cut = std::string_view(bytes).substr(0, length);
      EXPECT_FALSE(decode_inbound(&cut)) << kind << " cut at " << length;
    }
  }
  const auto frame = std::get<ClientFrameIn>(inputs[1]);
  std::string bytes = encoded(frame);
  std::string_view rest = bytes;
  EXPECT_EQ(std::get<ClientFrameIn>(*decode_inbound(&rest)).body, frame.body);
}

TEST(CrossingCodec, EveryEffectDiffersFromEveryOther) {
  std::set<std::string> seen;
  const auto add = [&](Outbound effect) {
    std::string bytes;
    encode(effect, &bytes);
    EXPECT_TRUE(seen.insert(bytes).second) << name_of(effect);
  };
  add(FrameOut{ClientId(1), SessionId(2), Bytes("f"), false});
  add(FrameOut{ClientId(1), SessionId(2), Bytes("f"), true});
  add(FrameOut{ClientId(2), SessionId(1), Bytes("f"), true});
  add(SessionTake{ClientId(1), SessionId(2)});
  add(SessionEnded{ClientId(1), SessionId(2)});
  add(Stopped{});
  EXPECT_EQ(name_of(Stopped{}), "Stopped");
  EXPECT_EQ(name_of(Work{}), "Work");
}

std::string journal() {
  std::string bytes = journal_head();
  append(JournalStart{"general-1", {1, 2}, "local.toml", "[cluster]", {7, 8}}, &bytes);
  append(JournalTurn{{}, MonoTime(seconds(3)), WallTime(seconds(4)), {5, 6}, {}}, one_of_each(), &bytes);
  append(JournalDrawn{"chance"}, &bytes);
  append(JournalTurnEnd{7, 8}, &bytes);
  return bytes;
}

TEST(Journal, IsReadAsItWasWritten) {
  const std::string bytes = journal();
  auto reader = JournalReader::open(bytes);
  ASSERT_TRUE(reader);
  const auto next = [&] {
    auto record = reader->next();
    EXPECT_TRUE(record && *record) << reader->offset();
    return record && *record ? **record : JournalRecord();
  };
  const auto start = std::get<JournalStart>(next());
  EXPECT_EQ(start.incarnation, (Incarnation{1, 2}));
  EXPECT_EQ(start.set_aside, (std::vector<std::uint64_t>{7, 8}));
  const auto turn = std::get<JournalTurn>(next());
  EXPECT_EQ(turn.now, MonoTime(seconds(3)));
  EXPECT_EQ(turn.figures.turn_p99_us, 6u);
  ASSERT_EQ(turn.inputs.size(), one_of_each().size());
  EXPECT_EQ(encoded(turn.inputs.back()), encoded(one_of_each().back()));
  EXPECT_EQ(std::get<JournalDrawn>(next()).bytes, "chance");
  EXPECT_EQ(std::get<JournalTurnEnd>(next()), (JournalTurnEnd{7, 8}));
  EXPECT_FALSE(*reader->next());
  EXPECT_TRUE(reader->whole());
}

TEST(Journal, EndsWhereItsProcessDiedAndNamesTheOffsetOfWhatWasChanged) {
  const std::string bytes = journal();
  for (std::size_t length = 16; length < bytes.size(); ++length) {
    auto reader = JournalReader::open(std::string_view(bytes).substr(0, length));
    ASSERT_TRUE(reader);
    for (;;) {
      const auto record = reader->next();
      ASSERT_TRUE(record) << "cut at " << length << ": " << record.error().detail;
      if (!*record) break;
    }
  }
  std::string changed = bytes;
  changed[30] ^= 1;
  EXPECT_EQ(JournalReader::open(changed)->next().error().detail, "offset 16: these bytes were changed");
  EXPECT_EQ(JournalReader::open("PK\3\4 an archive, perhaps").error().detail, "offset 0: this is not a journal");
  std::string newer = bytes;
  newer[8] = 9;
  EXPECT_EQ(JournalReader::open(newer).error().detail, "offset 8: a journal of format 9.2; this program replays 2.2");
}

// One record of that kind and body, with a check that is right: what a program wrote that was wrong, or is a forger's.
std::string trouble_of(std::uint8_t kind, std::string body) {
  std::string bytes = journal_head(), checked(1, static_cast<char>(kind));
  checked += body;
  char head[8];
  store_le(head, static_cast<std::uint32_t>(body.size()));
  store_le(head + 4, static_cast<std::uint32_t>(fnv1a(checked)));
  bytes.append(head, sizeof head).append(checked);
  auto reader = JournalReader::open(bytes);
  const auto record = reader->next();
  return record ? "" : record.error().detail;
}

TEST(Journal, ARecordThatIsRightlyCheckedAndWrongIsRefused) {
  const std::string number(8, '\1'), zeros(8, '\0');
  EXPECT_EQ(trouble_of(4, number + number), "") << "the end of a turn is two numbers";
  const std::string length = "offset 16: a record of another length than its fields";
  EXPECT_EQ(trouble_of(4, number), length);
  EXPECT_EQ(trouble_of(4, number + number + "x"), length);
  EXPECT_EQ(trouble_of(3, std::string("\5\0\0\0four", 8)), length);
  EXPECT_EQ(trouble_of(5, ""), "offset 16: a record of the unknown kind 5");
  EXPECT_EQ(trouble_of(0, ""), "offset 16: a record of the unknown kind 0");
  // A start that sets more aside than there is, and a turn of more inputs than there are.
  const std::string nobody(4, '\0'), many("\377\377\377\377");
  EXPECT_EQ(trouble_of(1, nobody + zeros + zeros + nobody + nobody + many + number), length);
  const std::string times = zeros + zeros + zeros + zeros + zeros, one("\1\0\0\0", 4);
  EXPECT_EQ(trouble_of(2, times + one), "offset 16: ends where an input should be");
  EXPECT_EQ(trouble_of(2, times + one + "\377"), "offset 16: an input of the unknown kind 255");
  EXPECT_EQ(trouble_of(2, times.substr(1) + one), length);
}

TEST(Journal, AShortFileAndAnotherLayoutAreRefused) {
  EXPECT_EQ(JournalReader::open(journal_head().substr(0, 15)).error().detail, "offset 0: this is not a journal");
  std::string other = journal_head();
  other[12] = 7;
  EXPECT_EQ(JournalReader::open(other).error().detail, "offset 8: a journal of format 2.7; this program replays 2.2");
}

TEST(CrossingCodec, ATopicOfAnotherSizeIsNoInput) {
  std::string bytes = encoded(TopicGapped{ClientId(11), SessionId(12), TopicKey{}});
  const auto at = bytes.size() - encode_topic(TopicKey{}).size() - 4;
  store_le(bytes.data() + at, static_cast<std::uint32_t>(31));
  bytes.pop_back();
  std::string_view rest = bytes;
  EXPECT_EQ(decode_inbound(&rest).error().detail, "ends in the middle of an input of kind 11");
  EXPECT_EQ(rest, bytes) << "nothing is taken of it";
}

TEST(Journal, ADigestSeesEveryEffectAndTheirOrder) {
  const std::vector<Outbound> some{Stopped{}, ClientAccepted{ClientId(1)}};
  const std::vector<Outbound> turned{ClientAccepted{ClientId(1)}, Stopped{}};
  EXPECT_EQ(digest_of(some).effects, 2u);
  EXPECT_NE(digest_of(some).digest, digest_of(turned).digest);
  EXPECT_EQ(digest_of(some), digest_of(some));
}

}  // namespace
}  // namespace dure
