// What every evening must leave behind.
#pragma once
#include <gtest/gtest.h>

#include "tests/process/cluster_process.h"

namespace dure::test {

// The bots saw nothing wrong and lost nobody.
inline void expect_clean(const nlohmann::json& report) {
  ASSERT_FALSE(report.is_discarded()) << "no report";
  EXPECT_EQ(report["mismatches"]["count"], 0) << report.dump(1);
  EXPECT_EQ(report["disconnects"], 0) << report.dump(1);
}

// The books are right, whether the cluster runs or not.
inline void expect_audit_clean(const std::string& config) {
  const Finished audit = run_dure({"audit", "--config", config});
  EXPECT_EQ(audit.exit_code, 0) << audit.output;
  EXPECT_NE(audit.output.find("ledger sum 0"), std::string::npos) << audit.output;
  EXPECT_NE(audit.output.find("0 orphans, 0 doubles"), std::string::npos) << audit.output;
}

}  // namespace dure::test
