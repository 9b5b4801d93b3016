/* azimuth.h: all public headers of libazimuth. */
#ifndef AZIMUTH_H
#define AZIMUTH_H

#include "azimuth/account.h"
#include "azimuth/bf16.h"
#include "azimuth/build.h"
#include "azimuth/corpus.h"
#include "azimuth/experiment.h"
#include "azimuth/figure.h"
#include "azimuth/hash.h"
#include "azimuth/kernel.h"
#include "azimuth/kinematics.h"
#include "azimuth/lens.h"
#include "azimuth/lifecycle.h"
#include "azimuth/matrix.h"
#include "azimuth/model.h"
#include "azimuth/motion.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "azimuth/report.h"
#include "azimuth/safetensors.h"
#include "azimuth/simulate.h"
#include "azimuth/status.h"
#include "azimuth/sweep.h"
#include "azimuth/tokenizer.h"
#include "azimuth/tokens.h"
#include "azimuth/train.h"
#include "azimuth/verify.h"

#endif
