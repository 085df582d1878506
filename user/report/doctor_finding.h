/* SPDX-License-Identifier: GPL-2.0-only */
/* How doctor.c and doctor_nic.c write what they find. Private to them. */
#ifndef WEIR_REPORT_DOCTOR_FINDING_H
#define WEIR_REPORT_DOCTOR_FINDING_H

#include "report/doctor.h"

/* OK for yes, `without` for no, UNKNOWN where nobody could say. */
enum weir_health weir_health_of(enum weir_answer answer, enum weir_health without);

/* A new finding about `subject`, never NULL; one to be thrown away when memory runs out. */
struct weir_finding *weir_finding_add(struct weir_findings *findings, enum weir_health health,
				      const char *subject, ...)
	__attribute__((format(printf, 3, 4)));

/* What is the case. */
void weir_finding_found(struct weir_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What that costs, which is kept by pointer, and what mends it; "": nothing does. */
void weir_finding_mend(struct weir_finding *finding, const char *cost, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* So that a judgement reads as one. */
#define add(...)   weir_finding_add(__VA_ARGS__)
#define found(...) weir_finding_found(__VA_ARGS__)
#define mend(...)  weir_finding_mend(__VA_ARGS__)

void weir_doctor_judge_nic(const struct weir_nic_facts *nic, __u32 cpus,
			   struct weir_findings *findings);

#endif
